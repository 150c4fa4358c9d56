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
import type { GlobalOptions, Result, Session } from './session'

/** Does a command's work. @param global what was given before or after the command */
export type Perform = (global: GlobalOptions, work: (session: Session) => Promise<Result>) => Promise<void>

/** What commander has parsed fits what the command takes: the definitions beside it say so, and the tests. */
type Work = (session: Session, options: never, ...its: never[]) => Promise<Result>

/** @param name of the argument, as the message says it */
const wholeNumber =
  (name: string, from: number, to: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= from && value <= to) return value
    throw new InvalidArgumentError(`${name} is a whole number from ${from} to ${to}.`)
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
      'the workspace; else INSTANCE_MANAGER_WORKSPACE, the current folder or one above it, or the one opened last',
    )
    .option('--json', 'events and the result as JSON, one object a line; nothing else on standard output')
    .option('--wait', 'wait for another command that works in the workspace to end, instead of joining it')
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions(false)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .example('init --sample --workspace ~/demo', 'a first workspace, from the sample application')
    .example(
      'infra up && instance-manager create school --director-name "Ada" --director-email ada@school.example --generate-password',
      'a first instance',
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

  add(program, 'init', 'Make a workspace from the sample application, or check one.', it => {
    it.option('--sample', 'make it from the sample application; the folder is new or empty')
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
    ['down', 'Stop both. Instances that run lose their database until they are started again.'],
    ['restart', 'Stop both, then start them.'],
  ] as const) {
    add(infra, name, description, it => {
      it.example(
        `infra ${name}`,
        name === 'up'
          ? 'done when both answer'
          : name === 'down'
            ? 'data stays where it is'
            : 'after a change of an image',
      )
      does(it, async session => (await import('./commands/infra')).change(session, name))
    })
  }
  add(infra, 'status', 'What runs, on which ports, by which driver.', it => {
    it.example('infra status', 'driver, states, versions and ports')
    does(it, async session => (await import('./commands/infra')).status(session))
  })

  add(infra, 'logs', "The end of a service's log.", it => {
    it.argument('[service]', serviceNames.join(' or '), oneOf(serviceNames), 'postgres')
      .option('-n, --lines <number>', 'how many lines, 100 unless told', lines)
      .option('-f, --follow', 'show what comes, until Ctrl+C')
      .example('infra logs', "PostgreSQL's")
      .example('infra logs pgbouncer --lines 20 --follow', 'and what comes')
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
      .option('--generate-password', 'make a password and print it once')
      .option('--allow-shared-port', 'take a port that another instance has; only one of them can run at a time')
      .option(
        '--jwt-secret <from>',
        "generate: its own; base: the base application's, so that tokens are valid on all that share it",
        oneOf(['generate', 'base']),
        'generate',
      )
      .option(
        '--host <address>',
        'where it listens: 0.0.0.0, all addresses of this machine (default), or 127.0.0.1, only this machine, behind a reverse proxy',
        oneOf(hosts),
      )
      .option(
        '--system-user',
        "run it as a system user of its own, so that it reads no other instance's files; only root can",
      )
      .option(
        '--npm-install',
        'install packages with npm install instead of npm ci: for a package-lock.json that does not fit its package.json',
      )
      .example(
        'create school --director-name "Ada Lovelace" --director-email ada@school.example --generate-password',
        'the password is printed once',
      )
      .example(
        'create school --port 5010 --director-name Ada --director-email ada@school.example --director-password-stdin < password.txt',
        'a password of your own, never in arguments',
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
        .option('--as <name>', 'its new name; otherwise its own if that is free, or one that is chosen')
        .requiredOption('--director-name <name>', "the administrator's name: the database starts empty")
        .requiredOption('--director-email <address>', "the administrator's e-mail address")
        .option('--director-password-stdin', 'read the password from standard input, its first line')
        .option('--generate-password', 'generate a password and print it once')
        .example(
          'adopt school --as school-test --director-name "Ada" --director-email ada@school.example --generate-password',
          'nothing of the original is touched',
        )
      does(it, async (session, options: AdoptOptions, name: string) =>
        (await import('./commands/adopt')).adopt(session, options, name),
      )
    },
  )

  add(program, 'list', 'All instances, with what they do now.', it => {
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

  const settings = add(
    program,
    'settings',
    'The settings of the workspace: what each is, who set it, and changing it.',
    it => {
      it.example('settings get', 'all of them').example('settings set ports.firstInstance 5100', 'change one')
    },
  )
  add(settings, 'get', 'All settings, those of a section, or the value of one.', it => {
    it.argument('[key]', 'a setting or a section')
      .completes('key', 'setting')
      .example('settings get', 'what is set, by whom, and the default')
      .example('settings get logs', 'one section')
      .example('settings get ports.pgbouncer', 'its value only, for a script')
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
  add(settings, 'unset', "Go back to the site's default, or else to the product's.", it => {
    it.argument('<key>', 'a setting')
      .completes('key', 'setting')
      .example('settings unset logs.maxSizeMB', '50 MB, unless the site has another default')
    does(it, async (session, _, key: string) => (await import('./commands/settings')).unset(session, key))
  })

  const space = add(program, 'space', 'Space on the disk.', it => {
    it.example('space status', 'releases, and what can be freed').example('space free', 'when the disk is full')
  })
  add(space, 'status', 'What is free, what releases take and who uses them, what can be freed.', it => {
    it.example('space status', 'releases, and what can be freed')
    does(it, async session => (await import('./commands/space')).status(session))
  })
  add(
    space,
    'free',
    'Free what nobody misses: releases that no instance uses, files of deleted instances, the emergency reserve. PostgreSQL need not run.',
    it => {
      it.option('--logs', 'older parts of logs too: their lines are lost')
        .example('space free', 'instances keep their files')
        .example('space free --logs', 'and the older parts of logs')
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
      if ('stopOther' in input.shape) it.option('--stop-other', 'stop the instance that runs on its port first')
      does(it, async (session, options: LifecycleOptions, names: string[]) =>
        (await import('./commands/lifecycle')).lifecycle(session, kind, names, options),
      )
    })
  }
  add(
    program,
    'resurrect',
    'Start the infrastructure, and the instances that should run and do not, e.g. after a reboot.',
    it => {
      it.argument('[name...]', 'instances; all that should run if none is named')
        .completes('name', 'instance')
        .option('--all', 'all that should run')
        .example('resurrect --all', 'after a reboot, or from cron with @reboot')
      does(it, async (session, options: LifecycleOptions, names: string[]) =>
        (await import('./commands/lifecycle')).resurrect(session, names, options),
      )
    },
  )
  add(
    program,
    'port',
    'Give an instance another port, or change who can reach it. If it is not healthy there, it is back on the old one.',
    it => {
      it.argument('<name>', 'an instance')
        .completes('name', 'instance')
        .argument('<port>', 'the new port', port)
        .option('--allow-shared-port', 'take a port that another instance has; only one of them can run at a time')
        .option(
          '--host <address>',
          '0.0.0.0, other machines too; 127.0.0.1, this machine only. The port may stay then',
          oneOf(hosts),
        )
        .example('port school 5020', 'it is restarted if it runs')
        .example('port school 5020 --host 127.0.0.1', 'only a reverse proxy on this machine reaches it')
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
    "How long an instance's application may take to answer after a start, or give it a time of its own.",
    it => {
      it.argument('<name>', 'an instance')
        .completes('name', 'instance')
        .argument('[seconds]', "1 to 3600; default: the manifest's server.bootSeconds again", bootSeconds)
        .example('boot-time school', 'shows it')
        .example('boot-time school 180', 'three minutes')
        .example('boot-time school default', "the manifest's again")
      does(it, async (session, _: object, name: string, seconds: number | 'default' | undefined) =>
        (await import('./commands/boot-time')).bootTime(session, name, seconds),
      )
    },
  )
  add(program, deleteJob.kind, 'Delete an instance: process, files, uploads, database, logs.', it => {
    it.argument('<name>', 'an instance')
      .completes('name', 'instance')
      .option('--confirm <word>', `${deleteWord}: without a terminal, the only way`)
      .example('delete school', 'shows what will go, and asks')
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
      it.argument('<name>', 'the folder in instances/, or the name it was to have')
        .option('--confirm <word>', `${deleteWord}: without a terminal, the only way`)
        .example('remove-leftovers school', 'shows what will be deleted and what stays, and asks')
        .example(`remove-leftovers school --confirm ${deleteWord}`, 'in a script')
      does(it, async (session, options: { confirm?: string }, name: string) =>
        (await import('./commands/delete')).removeLeftovers(session, name, options),
      )
    },
  )

  add(program, 'logs', "The end of an instance's log, lines of it, what comes, or all of it into a file.", it => {
    it.argument('<name>', 'an instance')
      .completes('name', 'instance')
      .option('-n, --lines <number>', 'how many lines, the last ones; 100 unless told, all with --since', lines)
      .option('--errors', 'only errors, with their stack traces')
      .option('--since <time>', 'not older: 30s, 10m, 2h, 7d, or a time like 2026-01-31T12:00', since)
      .option('--grep <text>', 'only lines that have this text')
      .option('-i, --ignore-case', 'upper and lower case are the same to --grep')
      .option('-f, --follow', 'show what comes, until Ctrl+C')
      .option('--save <file>', 'write all lines that are wanted to a file')
      .option('--force', 'replace the file if it exists')
      .example('logs school --errors --since 2h', 'what went wrong lately')
      .example('logs school --grep timeout -i --follow', 'wait for it')
      .example('logs school --save school.log', 'all there is, in a file')
    does(it, async (session, options: LogOptions, name: string) =>
      (await import('./commands/logs')).logs(session, { kind: 'instance', name, stream: 'both' }, options),
    )
  })

  add(program, 'operations', 'What runs and ran, or one operation with its steps.', it => {
    it.argument('[id]', 'an operation')
      .completes('id', 'operation')
      .option('--password', 'print the password of the new director, if nobody has seen it yet; it is forgotten then')
      .example('operations', 'the newest last')
      .example('operations 20260101T120000000Z-0a1b2c3d', 'its steps, times, and why it failed')
    does(it, async (session, options: { password?: boolean }, id: string | undefined) =>
      (await import('./commands/operations')).operations(session, id, options),
    )
  })
  add(program, 'recover', 'Decide about an operation that is open: after a crash, or when it is stuck.', it => {
    it.argument('<id>', 'an operation')
      .completes('id', 'operation')
      .argument(
        '<how>',
        'resume: continue it; roll-back: undo what it did; abandon: give up one whose journal is refused',
        oneOf(['resume', 'roll-back', 'abandon']),
      )
      .example('recover 20260101T120000000Z-0a1b2c3d resume', 'go on where it stands; a stuck step is tried again')
      .example('recover 20260101T120000000Z-0a1b2c3d roll-back', 'take back what it did')
      .example(
        'recover 20260101T120000000Z-0a1b2c3d abandon',
        'its journal is put aside; what it had begun stays as it is',
      )
    does(it, async (session, _, id: string, how: 'resume' | 'roll-back' | 'abandon') => {
      const commands = await import('./commands/operations')
      return how === 'abandon' ? commands.abandon(session, id) : commands.recover(session, id, how)
    })
  })

  add(
    program,
    'serve',
    "Serve the windows' pages to a browser, on this machine only: over SSH, through a tunnel.",
    it => {
      it.option('--port <number>', 'the first port to try', port)
        .option('--detach', 'go on without this terminal')
        .option('--status', 'what is served')
        .option('--link', 'a new link for a browser; it works once')
        .option('--stop', 'end it; what runs is finished first')
        .option('--unit', 'print a unit for systemd')
        .option('--address <address>', 'serve other machines too, over TLS')
        .option('--certificate <file>', 'PEM, with the names in use')
        .option('--key <file>', 'PEM')
        .example('serve', 'until Ctrl+C; prints a link, and the tunnel to open')
        .example('serve --detach', 'it outlives the terminal')
        .example('serve --unit > ~/.config/systemd/user/instance-manager.service', 'to start it with the machine')
      does(it, async (session, options) => (await import('./commands/serve')).serve(session, options))
    },
  )

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
