/** Commands on an instance's process: start, stop, restart, and those that change how it runs. */
import { hosts, type InstanceHost } from '../../../shared/instance'
import { simpleJobs } from '../../../shared/jobs'
import { defaultAtOnce } from '../../../shared/jobs/fleet'
import { stopJob } from '../../../shared/jobs/lifecycle'
import { bulkJobs } from '../../../shared/jobs/many'
import { rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import { renameJob } from '../../../shared/jobs/rename'
import type { LabelOptions } from '../commands/label'
import type { LifecycleOptions, RenameOptions } from '../commands/lifecycle'
import type { PortsOptions } from '../commands/ports'
import type { RebuildOptions, RollbackOptions } from '../commands/rebuild'
import type { Grammar } from '../grammar'
import { atOnce, bootSeconds, oneOf, port, rename, repeated } from './values'

/** Start, stop and restart, for one or many instances. */
export function startStopRestart(program: Grammar): void {
  for (const { kind, input, bulk } of bulkJobs) {
    const command = program
      .add(kind, bulk?.command ?? '')
      .argument('[name...]', 'instances')
      .completes('name', 'instance')
      .option('--all', 'all of them')
      .example(`${kind} school`, 'one')
      .example(`${kind} --all`, 'every instance, four at a time')
      .does(async (session, options: LifecycleOptions, names: string[]) =>
        (await import('../commands/lifecycle')).lifecycle(session, kind, names, options),
      )
    if (kind === stopJob.kind) command.option('--confirm <name>', 'the instance’s name again, if it is protected')
    if ('stopOther' in input.shape)
      command
        .option('--stop-other', 'first stop the instance that is running on its port')
        .option('--confirm <name>', 'the name of that instance, if it is protected')
  }
}

export function resurrect(program: Grammar): void {
  program
    .add('resurrect', 'Start the infrastructure, and instances that should be running but aren’t, e.g. after a reboot.')
    .argument('[name...]', 'instances; by default all that should be running')
    .completes('name', 'instance')
    .option('--all', 'all that should be running')
    .example('resurrect', 'after a reboot; “autostart on” has it done at every boot')
    .does(async (session, options: LifecycleOptions, names: string[]) =>
      (await import('../commands/lifecycle')).resurrect(session, names, options),
    )
}

export function changePort(program: Grammar): void {
  program
    .add(
      'port',
      'Move an instance to another port, or change who can reach it. If it isn’t healthy there, the old port is restored.',
    )
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .argument('<port>', 'the new port', port)
    .option('--allow-shared-port', 'share another instance’s port; only one of them can run at a time')
    .option(
      '--host <address>',
      '0.0.0.0: other machines too; 127.0.0.1: this machine only. With it, the port may stay the same',
      oneOf(hosts),
    )
    .example('port school 5020', 'restarts it if it is running')
    .example('port school 5020 --host 127.0.0.1', 'only reachable from this machine, e.g. by a reverse proxy')
    .does(async (session, options: { allowSharedPort?: boolean; host?: InstanceHost }, name: string, to: number) =>
      (await import('../commands/lifecycle')).port(session, name, to, options),
    )
}

export function changePorts(program: Grammar): void {
  program
    .add('ports', 'Move instances to free ports, one after the other.')
    .argument('<first>', 'the first port; those that are taken are left out', port)
    .argument('[name...]', 'instances, in this order')
    .completes('name', 'instance')
    .option('--all', 'all of them, by name')
    .option('--dry-run', 'only show which port each would get')
    .example('ports 6000 --all', 'running ones restart, four at a time')
    .example('ports 6000 spring autumn', 'only these')
    .does(async (session, options: PortsOptions, first: number, names: string[]) =>
      (await import('../commands/ports')).ports(session, first, names, options),
    )
}

export function renameInstance(program: Grammar): void {
  program
    .add(
      renameJob.kind,
      'Rename an instance: its folder, database, role, PM2 process and logs. Its port and data don’t change.',
    )
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .argument('<new-name>', 'the new name')
    .option('--confirm <name>', 'the instance’s name again, if it is protected')
    .example(
      `${renameJob.kind} school college`,
      'restarts it if it is running; if it isn’t healthy afterwards, its old name is restored',
    )
    .does(async (session, options: RenameOptions, name: string, to: string) =>
      (await import('../commands/lifecycle')).rename(session, name, to, options),
    )
}

export function rebuild(program: Grammar): void {
  program
    .add(rebuildJob.kind, 'Give instances the base application’s current code.')
    .argument('[name...]', 'instances; with several, those that already have this code are left as they are')
    .completes('name', 'instance')
    .option(
      '--outdated',
      'all whose code isn’t the base application’s current code, including those that the older command line tool created',
    )
    .option(
      '--canary <name>',
      'which of several to rebuild first, alone; by default a stopped one, otherwise the first',
    )
    .option('--at-once <number>', `how many of the others to rebuild at once; ${defaultAtOnce} by default`, atOnce)
    .option(
      '--take-env <key>',
      'also give the instances this key of the base application’s .env, if they lack it; may be repeated',
      repeated,
    )
    .option('--confirm <name>', 'the instance’s name again, if it is protected')
    .option(
      '--dry-run',
      'only show what would change and what would stay; with --push-schema, rehearse the schema change on a copy',
    )
    .example(`${rebuildJob.kind} school --dry-run`, 'commits, packages, schema, new settings, space and time')
    .example(
      `${rebuildJob.kind} school`,
      'its database, settings, uploads and other files stay; if the new code fails, it goes back to the old',
    )
    .option('--push-schema', 'also change the database’s schema; otherwise it stays as it is')
    .option(
      '--accept-data-loss',
      'change the schema no matter which values or rows are lost (see --dry-run); they are kept for a rollback',
    )
    .option(
      '--rename <names>',
      'TABLE.OLD=NEW for a column, OLD=NEW for a table: renamed, not dropped; may be repeated',
      rename,
    )
    .option('--fix <sql>', 'an SQL statement that makes the rows fit the new schema')
    .example(`${rebuildJob.kind} school --push-schema`, 'refused if data would be lost; says which')
    .example(
      `${rebuildJob.kind} --outdated --push-schema --dry-run`,
      'for each instance, on a copy: the SQL, its class, and what would be lost',
    )
    .example(
      `${rebuildJob.kind} school --push-schema --rename users.phone=mobile`,
      'the column was renamed, so its values stay',
    )
    .example(
      `${rebuildJob.kind} --outdated --canary test --at-once 4`,
      'first “test”, then the others, four at a time; if one fails, the rest won’t start',
    )
    .does(async (session, options: RebuildOptions, names: string[]) =>
      (await import('../commands/rebuild')).rebuild(session, names, options),
    )
}

export function rollback(program: Grammar): void {
  program
    .add(rollbackJob.kind, 'Bring back the code that an instance had before its last rebuild.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .option('--dry-run', 'only show what that does to the database, and which rows don’t come back as they were')
    .example(`${rollbackJob.kind} school --dry-run`, 'e.g. whether rows written since the rebuild stay as they are')
    .example(`${rollbackJob.kind} school`, 'run it again to return to the newer code')
    .does(async (session, options: RollbackOptions, name: string) =>
      (await import('../commands/rebuild')).rollback(session, name, options),
    )
}

/** Jobs that only need an instance's name. */
export function simple(program: Grammar): void {
  for (const { kind, command } of simpleJobs) {
    program
      .add(kind, command?.description ?? '')
      .argument('<name>', 'an instance')
      .completes('name', 'instance')
      .example(`${kind} school`, command?.example ?? '')
      .does(async (session, _, name: string) => (await import('../commands/lifecycle')).simple(session, kind, name))
  }
}

export function label(program: Grammar): void {
  program
    .add('label', 'Show or change an instance’s tags and notes.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .option('--tag <tag>', 'add a tag; may be repeated', repeated)
    .option('--untag <tag>', 'remove a tag; may be repeated', repeated)
    .option('--notes <text>', 'replace the notes; an empty text removes them')
    .option('--favourite', 'list it first')
    .option('--no-favourite', 'no longer list it first')
    .option('--protect', 'require its name to be typed before it is stopped, renamed, rebuilt or deleted')
    .option('--no-protect', 'no longer')
    .example('label school --protect', 'from then on: stop school --confirm school')
    .example('label school', 'show them')
    .example('label school --tag trial --untag paid --notes "Ends in May."', 'change them')
    .does(async (session, options: LabelOptions, name: string) =>
      (await import('../commands/label')).label(session, name, options),
    )
}

export function bootTime(program: Grammar): void {
  program
    .add('boot-time', 'Show or set how long an instance’s application may take to answer after starting.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
    .argument('[seconds]', '1 to 3600; “default” restores the manifest’s server.bootSeconds', bootSeconds)
    .example('boot-time school', 'show the limit')
    .example('boot-time school 180', 'three minutes')
    .example('boot-time school default', 'back to the manifest’s')
    .does(async (session, _: object, name: string, seconds: number | 'default' | undefined) =>
      (await import('../commands/boot-time')).bootTime(session, name, seconds),
    )
}
