/** From which options the containers are made. */
import { createHash } from 'node:crypto'
import type { ServiceName } from '../../shared/infrastructure'
import type { Settings } from '../../shared/settings'
import { innerPort } from './engine'
import { poolerFiles } from './limits'

/** Whose a container is, and from which options it was made. */
export const ownerLabel = 'instance-manager.workspace'
export const optionsLabel = 'instance-manager.options'

/** Where our configuration is mounted: as a folder, since a file replaced by a rename would not be seen inside. */
export const inside = { postgres: '/etc/instance-manager', pgbouncer: '/etc/pgbouncer' } as const

/** Where PostgreSQL's images keep their data, or above it. */
export const dataInside = '/var/lib/postgresql'

/** A network and the addresses in it. `pgbouncer` is absent in another's network: the engine then picks one. */
export interface Network {
  readonly name: string
  readonly postgres: string
  readonly pgbouncer?: string
}

export interface ContainerSpec {
  readonly engine: 'podman' | 'docker'
  readonly service: ServiceName
  readonly settings: Settings
  readonly network: Network
  /** Our configuration on this machine. */
  readonly folder: string
  /** The workspace. */
  readonly owner: string
}

/**
 * Docker's daemon restarts with a growing pause, and after a reboot. Podman has no daemon: it restarts at once and
 * without a pause, so
 * only a few times; what keeps failing, and all after a reboot, is our supervisor's. Neither restarts what was stopped
 * on purpose.
 */
const restartPolicy = { podman: ['--restart', 'on-failure:3'], docker: ['--restart', 'unless-stopped'] } as const

/**
 * How many files PgBouncer may have open. Docker's daemon decides, and its default may be 1024. Podman gives at least
 * what its own process has;
 * an option of ours would drop the machine's other limits.
 */
const files = { podman: [], docker: ['--ulimit', `nofile=${poolerFiles}:${poolerFiles}`] } as const

/**
 * Arguments of `create`, but for the name: options, image, command. They hold no secret; `inspect` shows them to
 * anyone.
 */
export function containerOptions({
  engine,
  service,
  settings: { containers, ports },
  network,
  folder,
  owner,
}: ContainerSpec): string[] {
  const address = network[service]
  const common = [
    ...restartPolicy[engine],
    '--label',
    `${ownerLabel}=${owner}`,
    '--network',
    network.name,
    // Both fixed: with a new address, or a new one behind an old address, PgBouncer stalls for 15 to 20 s after a
    // restart.
    ...(address === undefined ? [] : ['--ip', address, '--mac-address', macOf(containers[service])]),
    '--publish',
    `127.0.0.1:${ports[service]}:${innerPort}`,
    '--volume',
    `${folder}:${inside[service]}:ro,z`,
    '--stop-signal',
    'SIGINT',
  ]
  if (service === 'pgbouncer') return [...common, ...files[engine], containers.pgbouncerImage]
  const data = `${dataInside}/data`
  return [
    ...common,
    '--volume',
    `instance-manager-${containers.postgres}:${data}`,
    '--shm-size',
    '256m',
    '--env',
    `PGDATA=${data}/cluster`,
    '--env',
    `POSTGRES_PASSWORD_FILE=${inside.postgres}/born-password`,
    containers.postgresImage,
    'postgres',
    '-c',
    `config_file=${inside.postgres}/postgresql.conf`,
  ]
}

/** Names the options: a container made from others is made again. */
export const fingerprint = (options: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(options)).digest('hex').slice(0, 16)

/** A locally administered address of its own for each container's name. */
const macOf = (name: string): string =>
  ['02', ...(createHash('sha256').update(name).digest('hex').slice(0, 10).match(/../g) ?? [])].join(':')
