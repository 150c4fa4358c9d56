/** From which options the containers are created. */
import { createHash } from 'node:crypto'
import type { Settings } from '../../../shared/settings'
import type { Service } from '../services/service'

/** Whose a container is, and from which options it was created. */
export const ownerLabel = 'instance-manager.workspace'
export const optionsLabel = 'instance-manager.options'

export interface ContainerSpec {
  readonly engine: 'podman' | 'docker'
  readonly service: Service
  readonly settings: Settings
  /** Its network, and its address there; without one the engine picks it. */
  readonly network: { readonly name: string; readonly own?: string }
  /** Our configuration on this machine. */
  readonly folder: string
  /** The workspace. */
  readonly owner: string
}

/**
 * Docker's daemon restarts with a growing pause, and after a reboot. Podman has no daemon: it restarts at once and
 * without a pause, so only a few times; what keeps failing, and everything after a reboot, is left to our supervisor.
 * Neither restarts what was stopped on purpose.
 */
const restartPolicy = { podman: ['--restart', 'on-failure:3'], docker: ['--restart', 'unless-stopped'] } as const

/**
 * How many files a service may have open. Docker's daemon decides, and its default may be 1024. Podman gives at least
 * what its own process has; an option of ours would drop the machine's other limits.
 */
const openFiles = { podman: () => [], docker: (files: number) => ['--ulimit', `nofile=${files}:${files}`] } as const

/** Arguments of `create`, but for the name: options, image, command. They hold no secret. */
export function containerOptions({ engine, service, settings, network, folder, owner }: ContainerSpec): string[] {
  const { container } = service
  const { name, image } = container.of(settings)
  return [
    ...restartPolicy[engine],
    '--label',
    `${ownerLabel}=${owner}`,
    '--network',
    network.name,
    // Both fixed: with a new address, or a new one behind an old address, PgBouncer stalls for 15 to 20 s after a
    // restart.
    ...(network.own === undefined ? [] : ['--ip', network.own, '--mac-address', macOf(name)]),
    '--publish',
    `127.0.0.1:${service.port(settings)}:${container.port}`,
    '--volume',
    `${folder}:${container.configuration}:ro,z`,
    '--stop-signal',
    'SIGINT',
    ...(service.openFiles === undefined ? [] : openFiles[engine](service.openFiles)),
    ...container.options(name),
    image,
    ...container.command,
  ]
}

/** Names the options: a container created from others is created again. */
export const fingerprint = (options: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)

/** A locally administered address of its own for each container's name. */
const macOf = (name: string): string =>
  ['02', ...(createHash('sha256').update(name).digest('hex').slice(0, 10).match(/../g) ?? [])].join(':')
