/** The whole program: global options and commands, in the order of the help. */
import * as instances from './definitions/instances'
import * as lifecycle from './definitions/lifecycle'
import { oneOf } from './definitions/values'
import * as workspace from './definitions/workspace'
import { examplesText, Grammar, programName, type Perform } from './grammar'

const commands = [
  workspace.init,
  workspace.infra,
  instances.create,
  instances.adopt,
  instances.list,
  instances.status,
  workspace.doctor,
  workspace.settings,
  workspace.space,
  workspace.releases,
  lifecycle.startStopRestart,
  lifecycle.resurrect,
  lifecycle.changePort,
  lifecycle.rebuild,
  lifecycle.simple,
  lifecycle.bootTime,
  instances.remove,
  instances.removeLeftovers,
  instances.logs,
  workspace.operations,
  workspace.recover,
  workspace.serve,
  completion,
  docs,
]

export function buildProgram(version: string, perform: Perform): Grammar {
  const program = new Grammar(programName, perform)
    .description('Runs many isolated instances of one web application on one machine.')
    .version(version, '--version', 'show the version')
    .option(
      '-w, --workspace <dir>',
      'the workspace; by default INSTANCE_MANAGER_WORKSPACE, the current folder or one above it, or the last one opened',
    )
    .option('--json', 'events and the result as JSON, one object per line; nothing else on standard output')
    .option('--wait', 'wait for another command in the workspace to finish instead of joining it')
    .helpCommand(false)
    .helpOption('-h, --help', 'show help')
    .enablePositionalOptions(false)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .example('init --sample --workspace ~/demo', 'create a first workspace from the sample application')
    .example(
      'infra up && instance-manager create school --director-name "Ada" --director-email ada@school.example --generate-password',
      'create a first instance',
    )
  for (const define of commands) define(program)
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

function docs(program: Grammar): void {
  program
    .command('__docs', { hidden: true })
    .does(async () => ({ lines: [(await import('./docs')).documentation(program)] }))
}
