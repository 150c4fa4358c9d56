/** The whole program: global options and commands, in the order of the help. */
import { infra } from './definitions/infra'
import * as looks from './definitions/looks'
import { oneOf } from './definitions/values'
import * as workspace from './definitions/workspace'
import { examplesText, Grammar, programName, type Perform } from './grammar'

export interface Surroundings {
  readonly version: string
  readonly perform: Perform
  /** Prints the help or the version. */
  readonly write: (text: string) => void
  /** Prints the help if a command is missing. */
  readonly writeError: (text: string) => void
}

/**
 * The program with the command that the arguments name, and others. Loading the jobs' descriptors and zod takes about
 * 30 ms, so commands whose definitions don't read them are defined without those that do
 * (docs/decisions/0038-what-a-command-loads.md).
 * @param args empty: all commands
 * @throws CommanderError if the version was asked for and printed
 */
export async function buildProgram(args: readonly string[], surroundings: Surroundings): Promise<Grammar> {
  const program = define({}, surroundings)
  const [command] = program.parseOptions([...args]).operands
  if (program.children.some(it => [it.name(), ...it.aliases()].includes(command ?? ''))) return program
  return define(await others(), surroundings)
}

/** Commands whose definitions read the descriptors, and those that need all commands. */
const others = async () => ({
  ...(await import('./definitions/instances')),
  ...(await import('./definitions/lifecycle')),
  ...(await import('./definitions/environment')),
  ...(await import('./definitions/limits')),
  ...(await import('./definitions/director')),
  completion,
  docs,
})

/** In the order of the help. */
const commands = (other: Partial<Awaited<ReturnType<typeof others>>>) => [
  workspace.init,
  infra,
  other.create,
  other.createMany,
  other.adopt,
  looks.list,
  looks.status,
  workspace.doctor,
  workspace.diagnostics,
  workspace.settings,
  workspace.space,
  workspace.releases,
  other.startStopRestart,
  other.resurrect,
  workspace.pm2,
  workspace.autostart,
  other.changePort,
  other.changePorts,
  other.renameInstance,
  other.rebuild,
  other.rollback,
  other.simple,
  other.bootTime,
  other.label,
  other.environment,
  other.limits,
  other.director,
  other.remove,
  other.removeLeftovers,
  looks.logs,
  workspace.operations,
  workspace.recover,
  workspace.serve,
  other.completion,
  other.docs,
]

function define(other: Parameters<typeof commands>[0], { version, perform, write, writeError }: Surroundings): Grammar {
  const program = new Grammar(programName, perform)
    .description('Runs many isolated instances of one web application on one machine.')
    .version(version, '--version', 'show the version')
    .option(
      '-w, --workspace <dir>',
      'the workspace; by default INSTANCE_MANAGER_WORKSPACE, the current folder or one above it, or the last one opened',
    )
    .option('--json', 'events and the result as JSON, one object per line; nothing else on standard output')
    .option('--wait', 'wait for another command in the workspace to finish instead of joining it')
    .helpCommand('help [command]', 'Show the help of a command.')
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions(false)
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: text => writeError(text), outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .example('init --sample ~/demo', 'create a first workspace from the sample application')
    .example(
      'infra up && instance-manager create school --director-name "Ada" --director-email ada@school.example --generate-password',
      'create a first instance',
    )
  for (const add of commands(other)) add?.(program)
  return program.addHelpText('after', () => examplesText(program))
}

function completion(program: Grammar): void {
  program
    .add('completion', 'Print a script that completes commands and instances in your shell.')
    .argument('<shell>', 'bash, zsh or fish', oneOf(['bash', 'zsh', 'fish']))
    .example('completion bash > ~/.local/share/bash-completion/completions/instance-manager', 'for bash')
    .example('completion fish > ~/.config/fish/completions/instance-manager.fish', 'for fish')
    .does(async (_session, _, shell: string) => (await import('./commands/completion')).completionScript(shell))
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .does(async (session, _, words: string[]) =>
      (await import('./commands/completion')).complete(program, session, words),
    )
}

const pages = {
  cli: async (program: Grammar) => (await import('./docs')).documentation(program),
  man: async (program: Grammar) => (await import('./docs-man')).manual(program),
  settings: async () => (await import('./docs-settings')).settingsDocumentation(),
  'user-unit': async () => (await import('../system/start-unit')).unitTemplate(installedProgram, 'user'),
  'system-unit': async () => (await import('../system/start-unit')).unitTemplate(installedProgram, 'system'),
}
/** Where a package puts us. */
const installedProgram = '/usr/bin/instance-manager'

function docs(program: Grammar): void {
  program
    .command('__docs', { hidden: true })
    .argument('[page]', 'cli, settings, man, user-unit or system-unit', oneOf(Object.keys(pages)))
    .does(async (_session, _, page: keyof typeof pages = 'cli') => ({ lines: [await pages[page](program)] }))
}
