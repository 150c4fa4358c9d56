/** The options that containers are created with. */
import { createHash } from 'node:crypto'
import type { Settings } from '../../../shared/settings'
import type { Service } from '../services/service'
import type { EngineKind } from './engine-problems'

/** Labels: the workspace that owns a container, and the options it was created with. */
export const ownerLabel = 'instance-manager.workspace'
export const optionsLabel = 'instance-manager.options'

export interface ContainerSpec {
  readonly engine: EngineKind
  readonly service: Service
  readonly settings: Settings
  /** Its network, and its address there; if absent, the engine picks one. */
  readonly network: { readonly name: string; readonly own?: string }
  /** The folder of its configuration on this machine. */
  readonly folder: string
  /** The workspace. */
  readonly owner: string
}

/**
 * Docker's daemon restarts containers after growing pauses, and after a reboot. Podman has no daemon: it restarts them
 * without a pause, so only a few times; our supervisor handles those that keep failing, and reboots. Neither restarts a
 * container that was stopped on purpose.
 */
const restartPolicy = { podman: ['--restart', 'on-failure:3'], docker: ['--restart', 'unless-stopped'] } as const

/**
 * The limit of open files. Docker's daemon sets it, and its default may be 1024. Podman passes on at least its own
 * process's limit; an option from us would drop the machine's other limits.
 */
const openFiles = { podman: () => [], docker: (files: number) => ['--ulimit', `nofile=${files}:${files}`] } as const

/** Arguments of `create` after the name: options, image, command. They contain no secrets. */
export function containerOptions({ engine, service, settings, network, folder, owner }: ContainerSpec): string[] {
  const { container } = service
  const { name, image } = container.of(settings)
  return [
    ...restartPolicy[engine],
    '--label',
    `${ownerLabel}=${owner}`,
    '--network',
    network.name,
    // Both fixed: if either the IP or the MAC address changes, PgBouncer stalls for 15 to 20 s after a restart.
    ...(network.own === undefined ? [] : ['--ip', network.own, '--mac-address', macOf(name)]),
    '--publish',
    `127.0.0.1:${service.port(settings)}:${container.port}`,
    '--volume',
    `${folder}:${container.configuration}:ro,z`,
    '--stop-signal',
    'SIGINT',
    ...(service.openFiles === undefined ? [] : openFiles[engine](service.openFiles(settings))),
    ...container.options(name),
    image,
    ...container.command,
  ]
}

/** Identifies the options: a container created with others is recreated. */
export const fingerprint = (options: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)

/** A locally administered MAC address, unique to the container's name. */
const macOf = (name: string): string =>
  ['02', ...(createHash('sha256').update(name).digest('hex').slice(0, 10).match(/../g) ?? [])].join(':')
