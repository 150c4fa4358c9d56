/** Every command, its arguments, options and examples. What a command does is loaded when it runs. */
import { InvalidArgumentError } from 'commander'
import { hosts, type InstanceHost } from '../../shared/instance'
import { driverKinds, serviceNames, type ServiceName } from '../../shared/infrastructure'
import { adoptJob, createJob } from '../../shared/jobs/create'
import { deleteJob, deleteWord, leftoversJob } from '../../shared/jobs/delete'
import { simpleJobs } from '../../shared/jobs/lifecycle'
import { bulkJobs } from '../../shared/jobs/many'
import { examplesText, Grammar, programName } from './grammar'
import type { AdoptOptions } from './commands/adopt'
import type { CreateOptions } from './commands/create'
import type { InitOptions } from './commands/init'
import type { LifecycleOptions } from './commands/lifecycle'
import type { LogOptions } from './commands/logs'
import type { GlobalOptions, Result, CommandSession } from './session'

/** Does a command's work. @param global the options given before or after the command */
export type Perform = (global: GlobalOptions, work: (session: CommandSession) => Promise<Result>) => Promise<void>

/** What commander parsed fits what the command takes, as the definitions beside it and the tests ensure. */
type Work = (session: CommandSession, options: never, ...its: never[]) => Promise<Result>

/** @param name the argument's name in the message */
const wholeNumber =
  (name: string, from: number, to: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= from && value <= to) return value
    throw new InvalidArgumentError(`${name} must be a whole number from ${from} to ${to}.`)
  }
const bootTime = wholeNumber('The boot time', 1, 3600)
const bootSeconds = (text: string): number | 'default' => (text === 'default' ? text : bootTime(text))
const port = wholeNumber('A port', 1024, 65_535)

const lines = wholeNumber('The number of lines', 1, 1_000_000)

const unitLengths: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @returns milliseconds since 1970 */
function since(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const time = amount === undefined ? Date.parse(text) : Date.now() - Number(amount) * (unitLengths[unit] ?? 0)
  if (time >= 0) return Math.floor(time)
  throw new InvalidArgumentError('Give a duration like 30s, 10m, 2h or 7d, or a time like 2026-01-31T12:00.')
}

const oneOf =
  (values: readonly string[]) =>
  (text: string): string => {
    if (values.includes(text)) return text
    throw new InvalidArgumentError(`Choose one of ${values.join(', ')}.`)
  }

export function buildProgram(version: string, perform: Perform): Grammar {
  const program = new Grammar(programName)
  program
    .description('Runs many isolated instances of one web application on one machine.')
    .version(version, '--version', 'show the version')
    .option(
      '-w, --workspace <dir>',
      'the workspace; by default INSTANCE_MANAGER_WORKSPACE, the current folder or one above it, or the one opened last',
    )
    .option('--json', 'events and the result as JSON, one object per line; nothing else on standard output')
    .option('--wait', 'wait for another command in the workspace to end, instead of joining it')
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions(false)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .example('init --sample --workspace ~/demo', 'create a first workspace from the sample application')
    .example(
      'infra up && instance-manager create school --director-name "Ada" --director-email ada@school.example --generate-password',
      'create a first instance',
    )

  const add = (parent: Grammar, usage: string, description: string, shape: (command: Grammar) => void): Grammar => {
    const command = parent.command(usage)
    command
      .description(description)
      .helpOption('-h, --help', 'show help')
      .addHelpText('after', () => examplesText(command))
    shape(command)
    return command
  }
  /** The action of a command, given its arguments (commander adds the options and itself). */
  const does = (command: Grammar, work: Work): void => {
    command.action((...given: unknown[]) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      return perform(options, session => work(session, options as never, ...(given.slice(0, -2) as never[])))
    })
  }

  add(program, 'init', 'Create a workspace from the sample application, or check one.', it => {
    it.option('--sample', 'create it from the sample application; the folder must be new or empty')
      .option('--driver <kind>', `what runs PostgreSQL and PgBouncer: ${driverKinds.join(', ')}`, oneOf(driverKinds))
      .example('init --sample --workspace ~/demo', 'a new workspace with the sample application')
      .example(
        'init --workspace /srv/school --driver podman',
        'check a workspace with server/ and client/, and choose Podman',
      )
    does(it, async (session, options: InitOptions) => (await import('./commands/init')).init(session, options))
  })

  const infra = add(program, 'infra', 'The shared PostgreSQL and PgBouncer.', it => {
    it.example('infra up', 'start both').example('infra status --json', 'for a script')
  })
  for (const [name, description] of [
    ['up', 'Start PostgreSQL and PgBouncer.'],
    ['down', 'Stop both. Running instances have no database until both are started again.'],
    ['restart', 'Stop both, then start them.'],
  ] as const) {
    add(infra, name, description, it => {
      it.example(
        `infra ${name}`,
        name === 'up' ? 'returns when both answer' : name === 'down' ? 'data is kept' : 'after changing an image',
      )
      does(it, async session => (await import('./commands/infra')).change(session, name))
    })
  }
  add(infra, 'status', 'What is running, on which ports, with which driver.', it => {
    it.example('infra status', 'driver, states, versions and ports')
    does(it, async session => (await import('./commands/infra')).status(session))
  })

  add(infra, 'logs', "The end of a service's log.", it => {
    it.argument('[service]', serviceNames.join(' or '), oneOf(serviceNames), 'postgres')
      .option('-n, --lines <number>', 'how many lines, 100 by default', lines)
      .option('-f, --follow', 'show new lines, until Ctrl+C')
      .example('infra logs', "PostgreSQL's")
      .example('infra logs pgbouncer --lines 20 --follow', 'and new lines')
    does(it, async (session, options: LogOptions, name: ServiceName) =>
      (await import('./commands/logs')).logs(session, { kind: 'service', name }, options),
    )
  })

  add(program, createJob.kind, 'Create an instance: files, database, director, process.', it => {
    it.argument('<name>', 'letters, digits, hyphens and underscores')
      .option('--port <number|auto>', 'its port', text => (text === 'auto' ? text : port(text)), 'auto')
      .requiredOption('--director-name <name>', "the administrator's name")
      .requiredOption('--director-email <address>', "the administrator's e-mail address")
      .option('--director-password-stdin', 'read the password from standard input, its first line')
      .option('--generate-password', 'generate a password and print it once')
      .option('--allow-shared-port', 'share a port that another instance has; only one of them can run at a time')
      .option(
        '--jwt-secret <from>',
        "generate: its own; base: the base application's, so tokens are valid on every instance that shares it",
        oneOf(['generate', 'base']),
        'generate',
      )
      .option(
        '--host <address>',
        'where it listens: 0.0.0.0, all addresses of this machine (default), or 127.0.0.1, this machine only, e.g. behind a reverse proxy',
        oneOf(hosts),
      )
      .option('--system-user', "run it as its own system user, so it can't read other instances' files; needs root")
      .option(
        '--npm-install',
        "install packages with npm install instead of npm ci, if package-lock.json doesn't match package.json",
      )
      .example(
        'create school --director-name "Ada Lovelace" --director-email ada@school.example --generate-password',
        'the password is printed once',
      )
      .example(
        'create school --port 5010 --director-name Ada --director-email ada@school.example --director-password-stdin < password.txt',
        'your own password, never in the arguments',
      )
    does(it, async (session, options: CreateOptions, name: string) =>
      (await import('./commands/create')).create(session, options, name),
    )
  })

  add(
    program,
    adoptJob.kind,
    'Give a copied instance a name, an empty database, a port and secrets of its own. Files and uploads stay.',
    it => {
      it.argument('<name>', 'the copy')
        .completes('name', 'instance')
        .option('--as <name>', 'its new name; by default its own if that is free, or else a generated one')
        .requiredOption('--director-name <name>', "the administrator's name: the database starts empty")
        .requiredOption('--director-email <address>', "the administrator's e-mail address")
        .option('--director-password-stdin', 'read the password from standard input, its first line')
        .option('--generate-password', 'generate a password and print it once')
        .example(
          'adopt school --as school-test --director-name "Ada" --director-email ada@school.example --generate-password',
          "the original isn't touched",
        )
      does(it, async (session, options: AdoptOptions, name: string) =>
        (await import('./commands/adopt')).adopt(session, options, name),
      )
    },
  )

  add(program, 'list', 'All instances, with their status.', it => {
    it.example('list', 'a table').example('list --json', "for a script: the result's data has the instances")
    does(it, async session => (await import('./commands/list')).list(session))
  })
  add(program, 'status', 'The workspace as a whole, or one instance in full.', it => {
    it.argument('[name]', 'an instance')
      .completes('name', 'instance')
      .example('status', 'infrastructure, instances, open operations')
      .example('status school', 'one instance: paths, database, process')
    does(it, async (session, _, name: string | undefined) => (await import('./commands/status')).status(session, name))
  })

  const settings = add(program, 'settings', 'Show and change the settings of the workspace.', it => {
    it.example('settings get', 'all of them').example('settings set ports.firstInstance 5100', 'change one')
  })
  add(settings, 'get', 'Show all settings, those of a section, or the value of one.', it => {
    it.argument('[key]', 'a setting or a section')
      .completes('key', 'setting')
      .example('settings get', 'each value, who set it, and the default')
      .example('settings get logs', 'one section')
      .example('settings get ports.pgbouncer', 'only its value, for a script')
    does(it, async (session, _, key: string | undefined) => (await import('./commands/settings')).get(session, key))
  })
  add(settings, 'set', 'Change a setting of this workspace.', it => {
    it.argument('<key>', 'a setting')
      .completes('key', 'setting')
      .argument('<value>', 'its new value')
      .example('settings set logs.maxSizeMB 20', 'says when it takes effect')
    does(it, async (session, _, key: string, value: string) =>
      (await import('./commands/settings')).set(session, key, value),
    )
  })
  add(settings, 'unset', "Return to the site's default or, if there is none, the product's.", it => {
    it.argument('<key>', 'a setting')
      .completes('key', 'setting')
      .example('settings unset logs.maxSizeMB', '50 MB, unless the site has another default')
    does(it, async (session, _, key: string) => (await import('./commands/settings')).unset(session, key))
  })

  const space = add(program, 'space', 'Disk space.', it => {
    it.example('space status', 'releases, and what can be freed').example('space free', 'when the disk is full')
  })
  add(space, 'status', 'Free space, what releases take and which instances use them, and what can be freed.', it => {
    it.example('space status', 'releases, and what can be freed')
    does(it, async session => (await import('./commands/space')).status(session))
  })
  add(
    space,
    'free',
    "Remove what isn't needed: releases that no instance uses, files of deleted instances, the emergency reserve. PostgreSQL needn't be running.",
    it => {
      it.option('--logs', 'also older parts of logs; their lines are lost')
        .example('space free', 'instances keep their files')
        .example('space free --logs', 'also remove older parts of logs')
      does(it, async (session, options: { logs?: boolean }) =>
        (await import('./commands/space')).free(session, options),
      )
    },
  )

  for (const { kind, input, bulk } of bulkJobs) {
    add(program, kind, bulk?.command ?? '', it => {
      it.argument('[name...]', 'instances')
        .completes('name', 'instance')
        .option('--all', 'all of them')
        .example(`${kind} school`, 'one')
        .example(`${kind} --all`, 'every instance, four at a time')
      if ('stopOther' in input.shape) it.option('--stop-other', 'first stop the instance that is running on its port')
      does(it, async (session, options: LifecycleOptions, names: string[]) =>
        (await import('./commands/lifecycle')).lifecycle(session, kind, names, options),
      )
    })
  }
  add(
    program,
    'resurrect',
    "Start the infrastructure, and instances that should be running but aren't, e.g. after a reboot.",
    it => {
      it.argument('[name...]', 'instances; by default all that should be running')
        .completes('name', 'instance')
        .option('--all', 'all that should be running')
        .example('resurrect --all', 'after a reboot, or from cron with @reboot')
      does(it, async (session, options: LifecycleOptions, names: string[]) =>
        (await import('./commands/lifecycle')).resurrect(session, names, options),
      )
    },
  )
  add(
    program,
    'port',
    "Move an instance to another port, or change who can reach it. If it isn't healthy there, the old port is restored.",
    it => {
      it.argument('<name>', 'an instance')
        .completes('name', 'instance')
        .argument('<port>', 'the new port', port)
        .option('--allow-shared-port', 'share a port that another instance has; only one of them can run at a time')
        .option(
          '--host <address>',
          '0.0.0.0: other machines too; 127.0.0.1: this machine only. The port may stay the same then',
          oneOf(hosts),
        )
        .example('port school 5020', 'restarts it if it is running')
        .example('port school 5020 --host 127.0.0.1', 'reachable only from this machine, e.g. by a reverse proxy')
      does(it, async (session, options: { allowSharedPort?: boolean; host?: InstanceHost }, name: string, to: number) =>
        (await import('./commands/lifecycle')).port(session, name, to, options),
      )
    },
  )
  for (const { kind, command } of simpleJobs) {
    add(program, kind, command?.description ?? '', it => {
      it.argument('<name>', 'an instance')
        .completes('name', 'instance')
        .example(`${kind} school`, command?.example ?? '')
      does(it, async (session, _, name: string) => (await import('./commands/lifecycle')).simple(session, kind, name))
    })
  }
  add(
    program,
    'boot-time',
    "Show how long an instance's application may take to answer after a start, or give it its own limit.",
    it => {
      it.argument('<name>', 'an instance')
        .completes('name', 'instance')
        .argument('[seconds]', "1 to 3600; default: go back to the manifest's server.bootSeconds", bootSeconds)
        .example('boot-time school', 'show it')
        .example('boot-time school 180', 'three minutes')
        .example('boot-time school default', "back to the manifest's")
      does(it, async (session, _: object, name: string, seconds: number | 'default' | undefined) =>
        (await import('./commands/boot-time')).bootTime(session, name, seconds),
      )
    },
  )
  add(program, deleteJob.kind, 'Delete an instance: process, files, uploads, database, logs.', it => {
    it.argument('<name>', 'an instance')
      .completes('name', 'instance')
      .option('--confirm <word>', `must be ${deleteWord}; required without a terminal`)
      .example('delete school', 'lists what will be deleted, and asks')
      .example(`delete school --confirm ${deleteWord}`, 'in a script')
    does(it, async (session, options: { confirm?: string }, name: string) =>
      (await import('./commands/delete')).remove(session, name, options),
    )
  })

  add(
    program,
    leftoversJob.kind,
    'Remove what is left of a half-made instance: folder, database, role, process, logs.',
    it => {
      it.argument('<name>', "the folder in instances/, or the instance's intended name")
        .option('--confirm <word>', `must be ${deleteWord}; required without a terminal`)
        .example('remove-leftovers school', 'lists what will be deleted and what stays, and asks')
        .example(`remove-leftovers school --confirm ${deleteWord}`, 'in a script')
      does(it, async (session, options: { confirm?: string }, name: string) =>
        (await import('./commands/delete')).removeLeftovers(session, name, options),
      )
    },
  )

  add(program, 'logs', "Show the end of an instance's log, search it, follow it, or save it to a file.", it => {
    it.argument('<name>', 'an instance')
      .completes('name', 'instance')
      .option('-n, --lines <number>', 'how many of the last lines; 100 by default, all with --since', lines)
      .option('--errors', 'only errors, with their stack traces')
      .option('--since <time>', 'only lines since a time: 30s, 10m, 2h or 7d ago, or e.g. 2026-01-31T12:00', since)
      .option('--grep <text>', 'only lines that contain this text')
      .option('-i, --ignore-case', '--grep ignores case')
      .option('-f, --follow', 'show new lines, until Ctrl+C')
      .option('--save <file>', 'write all matching lines to a file')
      .option('--force', 'replace the file if it exists')
      .example('logs school --errors --since 2h', 'recent errors')
      .example('logs school --grep timeout -i --follow', 'wait for matching lines')
      .example('logs school --save school.log', 'the whole log, in a file')
    does(it, async (session, options: LogOptions, name: string) =>
      (await import('./commands/logs')).logs(session, { kind: 'instance', name, stream: 'both' }, options),
    )
  })

  add(program, 'operations', 'List current and past operations, or show one with its steps.', it => {
    it.argument('[id]', 'an operation')
      .completes('id', 'operation')
      .option('--password', "print the new director's password if nobody has seen it yet, then forget it")
      .example('operations', 'the newest last')
      .example('operations 20260101T120000000Z-0a1b2c3d', 'its steps, times, and why it failed')
    does(it, async (session, options: { password?: boolean }, id: string | undefined) =>
      (await import('./commands/operations')).operations(session, id, options),
    )
  })
  add(program, 'recover', 'Decide what happens to an open operation, after a crash or when it is stuck.', it => {
    it.argument('<id>', 'an operation')
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
    does(it, async (session, _, id: string, how: 'resume' | 'roll-back' | 'abandon') => {
      const commands = await import('./commands/operations')
      return how === 'abandon' ? commands.abandon(session, id) : commands.recover(session, id, how)
    })
  })

  add(program, 'serve', "Serve the windows' pages to a browser, on this machine only; over SSH, use a tunnel.", it => {
    it.option('--port <number>', 'the first port to try', port)
      .option('--detach', 'keep running without this terminal')
      .option('--status', 'show what is being served')
      .option('--link', 'print a new link for a browser; it works once')
      .option('--stop', 'stop serving once running operations have finished')
      .option('--unit', 'print a systemd unit')
      .option('--address <address>', 'serve other machines too, over TLS')
      .option('--certificate <file>', 'the certificate (PEM), for the names in use')
      .option('--key <file>', 'its key (PEM)')
      .example('serve', 'until Ctrl+C; prints a link, and the tunnel to open')
      .example('serve --detach', 'keeps serving after the terminal closes')
      .example('serve --unit > ~/.config/systemd/user/instance-manager.service', 'to start it when the machine boots')
    does(it, async (session, options) => (await import('./commands/serve')).serve(session, options))
  })

  add(program, 'completion', 'Print a script that completes commands and instances in your shell.', it => {
    it.argument('<shell>', 'bash, zsh or fish', oneOf(['bash', 'zsh', 'fish']))
      .example('completion bash > ~/.local/share/bash-completion/completions/instance-manager', 'for bash')
      .example('completion fish > ~/.config/fish/completions/instance-manager.fish', 'for fish')
    does(it, async (_session, _, shell: string) => (await import('./commands/completion')).completionScript(shell))
  })
  const complete = program.command('__complete', { hidden: true }).argument('[words...]').allowUnknownOption()
  complete.action(words =>
    perform(program.opts(), async session =>
      (await import('./commands/completion')).complete(program, session, words as string[]),
    ),
  )
  program
    .command('__docs', { hidden: true })
    .action(() => perform({}, async () => ({ lines: [(await import('./docs')).documentation(program)] })))
  program.addHelpText('after', () => examplesText(program))
  return program
}
