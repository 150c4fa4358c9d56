/** Commands on the shared PostgreSQL and PgBouncer. */
import { driverKinds, serviceNames, type DriverKind, type ServiceName } from '../../../shared/infrastructure'
import type { CancelOptions } from '../commands/activity'
import type { HardenOptions } from '../commands/harden'
import type { LogOptions } from '../commands/logs'
import type { MaintainOptions } from '../commands/maintain'
import type { MoveOptions } from '../commands/move'
import type { Grammar } from '../grammar'
import { lineCount, oneOf, processNumber } from './values'

interface StartOptions {
  readonly newData?: boolean
}

interface StopOptions {
  readonly stopInstances?: boolean
  readonly confirm?: string
}

export function infra(program: Grammar): void {
  const group = program
    .add('infra', 'The shared PostgreSQL and PgBouncer.')
    .example('infra up', 'start both')
    .example('infra status --json', 'for scripts')
  const which = [`${serviceNames.join(' or ')}; both by default`, oneOf(serviceNames)] as const
  group
    .add('up', 'Start PostgreSQL and PgBouncer, or one of them, and the instances that were stopped with them.')
    .argument('[service]', ...which)
    .option('--new-data', 'if PostgreSQL’s data is gone although instances exist, create an empty PostgreSQL')
    .example('infra up', 'returns when both answer')
    .example('infra up pgbouncer', 'only PgBouncer, and PostgreSQL if it isn’t running')
    .does(async (session, options: StartOptions, service?: ServiceName) =>
      (await import('../commands/infra')).change(session, 'up', service, options),
    )
  group
    .add('down', 'Stop both, or one of them. Running instances can’t reach the database until it is started again.')
    .argument('[service]', ...which)
    .option('--stop-instances', 'stop the running instances first; “infra up” starts them again')
    .option('--confirm <names>', 'the names of protected instances that are running, separated by commas')
    .example('infra down', 'data is kept')
    .example('infra down --stop-instances', 'so that no instance runs without its database')
    .does(async (session, options: StopOptions, service?: ServiceName) =>
      (await import('../commands/infra')).change(session, 'down', service, options),
    )
  group
    .add(
      'restart',
      'Restart both, or one of them. Instances keep running; their queries fail meanwhile, or wait if only PostgreSQL restarts.',
    )
    .argument('[service]', ...which)
    .example('infra restart', 'after changing an image')
    .example('infra restart pgbouncer', 'PostgreSQL keeps running')
    .does(async (session, _, service?: ServiceName) =>
      (await import('../commands/infra')).change(session, 'restart', service),
    )
  group
    .add('settings', 'Show the configuration of both, and what suits this machine’s memory.')
    .example('infra settings', 'values, defaults, proposals, and what a change restarts')
    .does(async session => (await import('../commands/infra-settings')).settings(session))
  group
    .add(
      'set',
      'Change a service’s configuration. If the service doesn’t start with it, the old one is restored. Some changes restart the service; instances keep running.',
    )
    .argument('<service>', serviceNames.join(' or '), oneOf(serviceNames))
    .argument('<name=value...>', 'names as in “infra settings”; “default” as a value restores the default')
    .example('infra set postgres shared_buffers=512MB work_mem=8MB', 'restarts PostgreSQL, once')
    .example('infra set pgbouncer default_pool_size=10', 'takes effect at once; no client is disconnected')
    .example('infra set postgres max_connections=default', 'back to the default')
    .does(async (session, _, service: ServiceName, changes: string[]) =>
      (await import('../commands/infra-settings')).set(session, service, changes),
    )
  group
    .add('status', 'Show what is running, on which ports, with which driver.')
    .example('infra status', 'driver, states, versions and ports')
    .does(async session => (await import('../commands/infra')).status(session))
  group
    .add('activity', 'Show connections, pools, long queries, and sessions that wait for each other, by instance.')
    .example('infra activity', 'values in queries are hidden')
    .example('infra activity --json', 'with the last hour, if the app has been running')
    .does(async session => (await import('../commands/activity')).activity(session))
  group
    .add('cancel-query', 'Cancel an instance’s query that “infra activity” lists.')
    .argument('<process>', 'the number of its process', processNumber)
    .option('--terminate', 'close its connection, too; its transaction is rolled back')
    .example('infra cancel-query 4711', 'the application gets an error; its connection stays open')
    .example('infra cancel-query 4711 --terminate', 'for a transaction that was left open')
    .does(async (session, options: CancelOptions, pid: number) =>
      (await import('../commands/activity')).cancelQuery(session, pid, options),
    )
  group
    .add('drivers', 'Show which drivers work on this machine and, if one doesn’t, how to make it work.')
    .example('infra drivers', 'Podman, Docker and the embedded driver')
    .does(async session => (await import('../commands/infra')).drivers(session))
  group
    .add('harden', 'Give containers that were created elsewhere the secure set-up; data and names stay.')
    .option('--dry-run', 'show what would change, what it costs and what prevents it')
    .example('infra harden --dry-run', 'changes nothing')
    .example('infra harden', 'puts everything back if a login that must work doesn’t')
    .does(async (session, options: HardenOptions) => (await import('../commands/harden')).harden(session, options))
  group
    .add(
      'maintain',
      'Vacuum and analyze the instances’ databases, and rebuild bloated indexes. Instances keep running. Exits with 1 if a database had problems.',
    )
    .argument('[name...]', 'instances; all by default')
    .completes('name', 'instance')
    .option('--dry-run', 'show dead rows and bloated indexes')
    .example('infra maintain', 'one database after another; for its schedule, see “settings get maintenance”')
    .example('infra maintain school --dry-run', 'changes nothing')
    .does(async (session, options: MaintainOptions, names: string[]) =>
      (await import('../commands/maintain')).maintain(session, names, options),
    )
  group
    .add(
      'move',
      'Move PostgreSQL with all its databases to another driver. Instances are stopped meanwhile; the old PostgreSQL is kept.',
    )
    .argument('<driver>', driverKinds.join(', '), oneOf(driverKinds))
    .option('--dry-run', 'show what would be done, what it costs and what prevents it')
    .example('infra move podman --dry-run', 'changes nothing')
    .example('infra move podman', 'compares every row, and puts everything back if one differs')
    .does(async (session, options: MoveOptions, driver: DriverKind) =>
      (await import('../commands/move')).move(session, driver, options),
    )
  group
    .add(
      'upgrade',
      'Move all databases to a new container from another PostgreSQL image, of the same or a newer major version.',
    )
    .argument('<image>', 'e.g. docker.io/library/postgres:17-alpine')
    .option('--dry-run', 'show what would be done, what it costs and what prevents it')
    .example('infra upgrade docker.io/library/postgres:17-alpine --dry-run', 'changes nothing')
    .example('infra upgrade docker.io/library/postgres:17-alpine', 'the old container and its volume are kept')
    .does(async (session, options: MoveOptions, image: string) =>
      (await import('../commands/move')).upgrade(session, image, options),
    )
  group
    .add('remove-old', 'Remove the PostgreSQL that was kept after a move, with its databases as they were then.')
    .example('infra remove-old', 'once you are sure you don’t need it')
    .does(async session => (await import('../commands/move')).removeOld(session))
  group
    .add('load', 'Load the image of PostgreSQL or PgBouncer from a file, where no registry can be reached.')
    .argument('<file>', 'created by “docker save” or “podman save”')
    .option('--image <image>', 'one to upgrade to; by default, those that the settings name')
    .example('infra load postgres.tar', 'the image that the settings name, for this machine’s processor')
    .example('infra load postgres.tar --image docker.io/library/postgres:17-alpine', 'before an upgrade to it')
    .does(async (session, { image }: { image?: string }, file: string) =>
      (await import('../commands/infra')).load(session, file, image),
    )
  group
    .add('pull', 'Pull the images of PostgreSQL and PgBouncer again, and say whether they are newer.')
    .example('infra pull && instance-manager infra restart', 'a newer minor version, over the same data')
    .does(async session => (await import('../commands/infra')).pull(session))
  group
    .add('logs', 'Show the end of a service’s log.')
    .argument('[service]', serviceNames.join(' or '), oneOf(serviceNames), 'postgres')
    .option('-n, --lines <number>', 'how many lines, 100 by default', lineCount)
    .option('-f, --follow', 'show new lines, until Ctrl+C')
    .example('infra logs', 'PostgreSQL’s')
    .example('infra logs pgbouncer --lines 20 --follow', 'and new lines')
    .does(async (session, options: LogOptions, name: ServiceName) =>
      (await import('../commands/logs')).logs(session, { kind: 'service', name }, options),
    )
}
