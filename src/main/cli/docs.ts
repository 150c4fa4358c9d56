/** Generates docs/cli.md from the definitions that the parser uses. */
import { uncapital } from '../../shared/amounts'
import { exitCodes, type ExitCode } from './exit-codes'
import { isHidden, programName, type Grammar } from './grammar'

const code = (lines: readonly string[], language: string): string => `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``

export function documentation(program: Grammar): string {
  return [
    "<!-- Generated from the command line's own definitions by: npm run -s cli -- __docs > docs/cli.md -->",
    '',
    `# ${programName}(1)`,
    '',
    '## Name',
    '',
    `${programName} - ${uncapital(program.description()).replace(/\.$/, '')}`,
    '',
    '## Synopsis',
    '',
    code(
      [
        `${programName} [--workspace DIR] [--json] COMMAND [ARGUMENTS]`,
        'npm run -s cli -- [--workspace DIR] [--json] COMMAND   # in a clone',
      ],
      'sh',
    ),
    '',
    '## Description',
    '',
    introduction,
    '',
    '## Options of every command',
    '',
    ...optionRows(program),
    '',
    '## Commands',
    '',
    ...visible(program).flatMap(it => section(it, programName, 3)),
    ...endings,
  ].join('\n')
}

export const introduction = `Everything that the app does, for terminals, scripts and cron. If the app or its served pages have the workspace open,
a command works through them; otherwise it does the work itself. Further commands join one that is working: it keeps
serving them after its own work is done, and says so. If it is killed or left, they take over and finish the work.
With \`--wait\`, a command waits for the other one to finish instead. Read-only commands need no lock and never wait.
On a terminal, jobs show their steps with times. **Ctrl+C** cancels, undoes what was done so far, and returns once that
is finished. A second Ctrl+C exits immediately and says how to recover. SIGTERM works like one Ctrl+C. Progress and Problems
go to standard error, results to standard output. Without a terminal, commands never ask: if something is missing, the
error names the option to use.`

export const exitMeanings: readonly (readonly [ExitCode, string])[] = [
  [exitCodes.done, 'done'],
  [exitCodes.failed, 'failed; everything was rolled back'],
  [exitCodes.usage, 'wrong usage'],
  [exitCodes.stuck, 'stuck or left open: use `recover`'],
  [exitCodes.refused, 'refused before anything began: locked, busy, or an unmet precondition'],
  [exitCodes.interrupted, 'Ctrl+C, with nothing to undo'],
]

export const variables: readonly (readonly [string, string])[] = [
  ['INSTANCE_MANAGER_WORKSPACE', 'the workspace, if `--workspace` is not given'],
  ['INSTANCE_MANAGER_DEFAULTS', "the site's default settings, instead of /etc/instance-manager/defaults.json"],
  ['NO_COLOR', 'no colours'],
  ['PM2_HOME', "PM2's folder, ~/.pm2 by default"],
]

const endings = [
  '## Settings',
  '',
  'Listed in [settings.md](settings.md).',
  '',
  '## Exit codes',
  '',
  '| code | meaning |',
  '|---|---|',
  ...exitMeanings.map(([exit, meaning]) => `| ${exit} | ${meaning} |`),
  '',
  '## JSON',
  '',
  "With `--json`, standard output has one object per line: the operation's events as they happen (`opened`, `doing`, `done`, `turned`, `undoing`, `undone`, `settled`, `progress`, `output`, `stuck`, `retrying`, each with `id` and `at`), preceded by a `snapshot` if the operation was already running; for logs, one `line` each; and finally one `result`:",
  '',
  code(
    [
      '{"type":"result","ok":true,"exit":0,"data":{…}}',
      '{"type":"result","ok":false,"exit":4,"problem":{"code":"name-taken","message":"…","hint":"…"}}',
    ],
    'json',
  ),
  '',
  'For several instances, `start`, `stop`, `restart`, `resurrect`, `rebuild`, `env`, `ports`, `delete` and `create-many` run as one operation (`many`, `rebuild-many` etc.) with one step per instance; `data` lists each instance with its `exit`, its own `operation` and its `problem`.',
  '',
  'Problem codes are listed in [problems.md](problems.md).',
  '',
  '## Environment',
  '',
  '| variable | meaning |',
  '|---|---|',
  ...variables.map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
  '',
  '## Completion',
  '',
  code([`${programName} completion bash > ~/.local/share/bash-completion/completions/${programName}`], 'sh'),
  '',
]

export const visible = (parent: Grammar): readonly Grammar[] => parent.children.filter(it => !isHidden(it))

function section(command: Grammar, parent: string, level: number): string[] {
  const name = `${parent} ${command.name()}`
  return [
    `${'#'.repeat(level)} ${name.replace(`${programName} `, '')}`,
    '',
    command.description(),
    '',
    ...(command.aliases().length
      ? [
          `Also: ${command
            .aliases()
            .map(it => `\`${it}\``)
            .join(', ')}.`,
          '',
        ]
      : []),
    ...(command.children.length ? [] : [code([synopsis(command, name)], 'sh'), '']),
    ...argumentRows(command),
    ...optionRows(command),
    ...(command.registeredArguments.length || command.options.length ? [''] : []),
    ...(command.children.length
      ? []
      : [
          'Examples:',
          '',
          code(
            command.examples.flatMap(({ command: line, text }) => [`# ${text}`, `${programName} ${line}`]),
            'sh',
          ),
          '',
        ]),
    ...visible(command).flatMap(it => section(it, name, level + 1)),
  ]
}

/** Spells out mandatory options. */
export function synopsis(command: Grammar, name: string): string {
  const must = command.options.filter(it => it.mandatory).map(it => it.flags)
  const shown = command.registeredArguments.map(it =>
    it.required ? `<${it.name()}>` : `[${it.name()}${it.variadic ? '...' : ''}]`,
  )
  return [name, ...shown, ...must, ...(command.options.length > must.length ? ['[options]'] : [])].join(' ')
}

const argumentRows = (command: Grammar): string[] =>
  command.registeredArguments.map(it => `- \`${it.name()}\`${it.required ? '' : ' (optional)'}: ${it.description}`)

const optionRows = (command: Grammar): string[] =>
  command.options.map(it => {
    const notes = [
      it.mandatory ? 'required' : '',
      typeof it.defaultValue === 'string' ? `default ${it.defaultValue}` : '',
    ].filter(Boolean)
    return `- \`${it.flags}\`${notes.length ? ` (${notes.join(', ')})` : ''}: ${it.description}`
  })
