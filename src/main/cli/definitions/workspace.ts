/** Commands on the whole workspace: setup, infrastructure, settings, disk space, operations and served pages. */
import { driverKinds, serviceNames, type DriverKind, type ServiceName } from '../../../shared/infrastructure'
import type { CancelOptions } from '../commands/activity'
import type { DoctorOptions } from '../commands/doctor'
import type { HardenOptions } from '../commands/harden'
import type { InitOptions } from '../commands/init'
import type { MoveOptions } from '../commands/move'
import type { LogOptions } from '../commands/logs'
import type { MaintainOptions } from '../commands/maintain'
import type { Grammar } from '../grammar'
import { lineCount, oneOf, port, processNumber } from './values'

export function init(program: Grammar): void {
  program
    .add('init', 'Create a workspace from the sample application, or check one.')
    .argument('[folder]', 'the workspace; by default the current folder')
    .option('--sample', 'create it from the sample application; the folder must be new or empty')
    .option('--driver <kind>', `what runs PostgreSQL and PgBouncer: ${driverKinds.join(', ')}`, oneOf(driverKinds))
    .example('init --sample ~/demo', 'a new workspace with the sample application')
    .example('init /srv/school --driver podman', 'check a workspace with server/ and client/, and choose Podman')
    .does(async (session, options: InitOptions, folder?: string) =>
      (await import('../commands/init')).init(session, options, folder),
    )
}

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
    .example('infra load postgres.tar', 'the image that the settings name, for this machine’s processor')
    .does(async (session, _, file: string) => (await import('../commands/infra')).load(session, file))
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

export function settings(program: Grammar): void {
  const group = program
    .add('settings', 'Show and change the workspace’s settings.')
    .example('settings get', 'all of them')
    .example('settings set ports.firstInstance 5100', 'change one')
  group
    .add('get', 'Show all settings, one section, or one value.')
    .argument('[key]', 'a setting or a section')
    .completes('key', 'setting')
    .example('settings get', 'each value, who set it, and the default')
    .example('settings get logs', 'one section')
    .example('settings get ports.pgbouncer', 'only the value, for scripts')
    .does(async (session, _, key: string | undefined) => (await import('../commands/settings')).get(session, key))
  group
    .add('set', 'Change a setting of this workspace.')
    .argument('<key>', 'a setting')
    .completes('key', 'setting')
    .argument('<value>', 'its new value')
    .example('settings set logs.maxSizeMB 20', 'says when it takes effect')
    .does(async (session, _, key: string, value: string) =>
      (await import('../commands/settings')).set(session, key, value),
    )
  group
    .add('unset', 'Reset a setting to the site’s default or, if there is none, the product’s.')
    .argument('<key>', 'a setting')
    .completes('key', 'setting')
    .example('settings unset logs.maxSizeMB', '50 MB, unless the site has another default')
    .does(async (session, _, key: string) => (await import('../commands/settings')).unset(session, key))
}

export function doctor(program: Grammar): void {
  program
    .add('doctor', 'Check everything that instances need, and fix what is wrong. Exits with 1 if something is wrong.')
    .argument('[name]', 'an instance; all by default')
    .completes('name', 'instance')
    .option('--all', 'also list what is good')
    .option('--fix', 'apply all fixes that are safe, which means that they interrupt nobody')
    .example('doctor', 'what is wrong, why, and how to fix it')
    .example('doctor school --fix', 'one instance')
    .example('doctor --all > report.txt', 'a report without secrets, for a ticket')
    .does(async (session, options: DoctorOptions, name: string | undefined) =>
      (await import('../commands/doctor')).doctor(session, name, options),
    )
}

export function diagnostics(program: Grammar): void {
  program
    .add(
      'diagnostics',
      'Print what someone who helps you needs to know: versions, settings, states, problems. No secrets.',
    )
    .example('diagnostics > diagnostics.json', 'read it before you pass it on: it names your instances')
    .does(async session => (await import('../commands/diagnostics')).diagnostics(session))
}

export function space(program: Grammar): void {
  const group = program
    .add('space', 'Show and free disk space.')
    .example('space status', 'what is free, and what can be freed')
    .example('space free', 'when the disk is full')
  group
    .add('status', 'Show free space, what can be freed, what takes the rest, and how busy the machine is.')
    .example('space status', 'what is free, and what can be freed')
    .does(async session => (await import('../commands/space')).status(session))
  group
    .add(
      'free',
      'Remove what isn’t needed: releases that no instance uses, files of deleted instances, the emergency reserve. PostgreSQL needn’t be running.',
    )
    .option('--logs', 'also older log archives; their lines are lost')
    .example('space free', 'instances keep their files')
    .example('space free --logs', 'also remove older log archives')
    .does(async (session, options: { logs?: boolean }) => (await import('../commands/space')).free(session, options))
}

export function releases(program: Grammar): void {
  const group = program
    .add('releases', 'Show prepared releases of the base application, and remove those that nothing uses.')
    .example('releases list', 'age, size, and which instances use each')
    .example('releases prune', 'keeps the newest, and what instances can be rolled back to')
  group
    .add('list', 'Show releases with their size and the instances that use them, now or as their previous code.')
    .example('releases list', 'newest first')
    .does(async session => (await import('../commands/releases')).list(session))
  group
    .add(
      'prune',
      'Remove releases that nothing uses, except the newest. Instances keep their files, and can still be rolled back.',
    )
    .example('releases prune', 'says how much space it freed')
    .does(async session => (await import('../commands/releases')).prune(session))
}

export function operations(program: Grammar): void {
  program
    .add('operations', 'List current and past operations, or show one with its steps.')
    .argument('[id]', 'an operation')
    .completes('id', 'operation')
    .option('--password', 'print the new director’s password if it hasn’t been shown yet, then forget it')
    .example('operations', 'the newest last')
    .example('operations 20260101T120000000Z-0a1b2c3d', 'its steps, times, and why it failed')
    .does(async (session, options: { password?: boolean }, id: string | undefined) =>
      (await import('../commands/operations')).operations(session, id, options),
    )
}

export function recover(program: Grammar): void {
  program
    .add('recover', 'Decide what happens to an open operation, after a crash or when it is stuck.')
    .argument('<id>', 'an operation')
    .completes('id', 'operation')
    .argument(
      '<how>',
      'resume: continue; roll-back: undo what it did; abandon: give up an operation whose journal is refused',
      oneOf(['resume', 'roll-back', 'abandon']),
    )
    .example('recover 20260101T120000000Z-0a1b2c3d resume', 'continue where it stopped; a stuck step is retried')
    .example('recover 20260101T120000000Z-0a1b2c3d roll-back', 'undo what it did')
    .example(
      'recover 20260101T120000000Z-0a1b2c3d abandon',
      'its journal is set aside; what it had begun stays as it is',
    )
    .does(async (session, _, id: string, how: 'resume' | 'roll-back' | 'abandon') => {
      const commands = await import('../commands/operations')
      return how === 'abandon' ? commands.abandon(session, id) : commands.recover(session, id, how)
    })
}

export function pm2(program: Grammar): void {
  program
    .add('pm2', 'The process manager that runs the instances.')
    .example('pm2 restart', 'after an upgrade')
    .add(
      'restart',
      'Use the PM2 and Node.js of the installed version, e.g. after an upgrade. Running instances restart one after the other; other processes in PM2 restart too.',
    )
    .example('pm2 restart', 'does nothing if PM2 already is the installed version’s')
    .does(async session => (await import('../commands/pm2')).restart(session))
}

export function autostart(program: Grammar): void {
  program
    .add('autostart', 'Start PostgreSQL, PgBouncer and the instances that should be running after a reboot, or don’t.')
    .argument('[what]', 'on, off or status', oneOf(['on', 'off', 'status']), 'status')
    .example('autostart on', 'a systemd unit (yours, or as root the system’s); without systemd, a line in your crontab')
    .example('autostart off', 'removes exactly that; running instances keep running')
    .example('autostart status', 'on, off, or stale and why; exits with 1 if it is stale')
    .does(async (session, _, what: 'on' | 'off' | 'status') =>
      (await import('../commands/autostart')).autostart(session, what),
    )
}

export function serve(program: Grammar): void {
  program
    .add('serve', 'Serve the app to browsers on this machine. Elsewhere, use an SSH tunnel.')
    .option('--port <number>', 'this port only; by default, the first free one from 7600 on', port)
    .option('--detach', 'keep running without this terminal')
    .option('--status', 'show what is being served')
    .option('--link', 'print a new link for a browser; it works once')
    .option('--stop', 'stop serving once running operations have finished')
    .option('--unit', 'print a systemd unit')
    .option('--address <address>', 'serve other machines too, over TLS')
    .option('--certificate <file>', 'certificate (PEM) for the host names in use')
    .option('--key <file>', 'the certificate’s key (PEM)')
    .example('serve', 'until Ctrl+C; prints a link and the tunnel command')
    .example('serve --detach', 'keeps serving after the terminal closes')
    .example('serve --unit > ~/.config/systemd/user/instance-manager.service', 'to start it when the machine boots')
    .does(async (session, options) => (await import('../commands/serve')).serve(session, options))
}
