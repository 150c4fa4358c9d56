/** docs/cli.md, from the same definitions that parse. */
import { settingsSchema, settingsSections, type Setting } from '../../shared/settings'
import { isHidden, programName, type Grammar } from './grammar'

const code = (lines: readonly string[], language: string): string => `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``

export function documentation(program: Grammar): string {
  return [
    "<!-- Made from the command line's own definitions by: npm run -s cli -- __docs > docs/cli.md -->",
    '',
    `# ${programName}(1)`,
    '',
    '## Name',
    '',
    `${programName} - ${uncapital(program.description())}`,
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
    '## Settings',
    '',
    settingsIntroduction,
    '',
    ...settingsRows(),
    '',
    ...endings,
  ].join('\n')
}

const introduction = `Everything that the windows do, for terminals, scripts and cron. If the app or its served pages have the workspace open, the command goes
through them; else it does the work itself. Other commands join one that is working: it keeps serving them when its own work is done, and says so. If it is
killed or left, they take over and finish what was begun. \`--wait\` waits for the other command to end instead. Commands that only show something need no lock and never wait.

On a terminal, jobs show their steps with times; **Ctrl+C** cancels and undoes what was begun, and returns when that is done. A second Ctrl+C leaves
at once and says how to recover. SIGTERM is as one Ctrl+C. Progress and Problems go to standard error, results to standard output. Without a terminal nothing
is ever asked: what is missing is an error that names the option.`

const settingsIntroduction = `They lie in \`.instance-manager/settings.json\` and can also be changed in the Settings screen. A workspace's own value wins over the site's
defaults (a file of the same form, /etc/instance-manager/defaults.json), which win over the defaults below.`

const settingsRows = (): string[] => [
  '| setting | default | meaning | effect of a change |',
  '|---|---|---|---|',
  ...settingsSections.flatMap(it => it.settings.map(settingRow)),
]

const defaults: Readonly<Record<string, unknown>> = settingsSchema.parse({})

function settingRow({ key, title, unit, explanation, effect }: Setting): string {
  const [part = '', name = ''] = key.split('.')
  const value = (defaults[part] as Readonly<Record<string, unknown>>)[name]
  return `| \`${key}\` | ${String(value)}${unit === undefined ? '' : ` ${unit}`} | ${title}. ${explanation} | ${effect} |`
}

const endings = [
  '## Exit codes',
  '',
  '| code | meaning |',
  '|---|---|',
  '| 0 | done |',
  '| 1 | failed; what was begun is undone |',
  '| 2 | wrong usage |',
  '| 3 | stuck or left open: `recover` decides |',
  '| 4 | refused, nothing was begun: locked, busy, or a precondition is not met |',
  '| 130 | Ctrl+C where nothing had to be undone |',
  '',
  '## JSON',
  '',
  "With `--json` standard output has one object a line: the operation's events as they happen (`opened`, `doing`, `done`, `undone`, `turned`, `settled`, `progress`, `output`, `stuck`, `retrying`, each with `id` and `at`), for an operation that was going on already first a `snapshot`, for logs one `line` each, and last one `result`:",
  '',
  code(
    [
      '{"type":"result","ok":true,"exit":0,"data":{…}}',
      '{"type":"result","ok":false,"exit":4,"problem":{"code":"name-taken","message":"…","hint":"…"}}',
    ],
    'json',
  ),
  '',
  '`start`, `stop`, `restart` and `resurrect` of several instances are one operation, `many`, with a step for each; `data` lists each instance with its `exit`, its own `operation` and its `problem`.',
  '',
  'Codes of Problems are listed in [problems.md](problems.md).',
  '',
  '## Environment',
  '',
  '| variable | meaning |',
  '|---|---|',
  '| `INSTANCE_MANAGER_WORKSPACE` | the workspace, if `--workspace` is not given |',
  "| `INSTANCE_MANAGER_DEFAULTS` | the site's default settings, instead of /etc/instance-manager/defaults.json |",
  '| `NO_COLOR` | no colours |',
  '| `PM2_HOME` | where PM2 lives, ~/.pm2 unless told |',
  '',
  '## Completion',
  '',
  code([`${programName} completion bash > ~/.local/share/bash-completion/completions/${programName}`], 'sh'),
  '',
]

const visible = (parent: Grammar): readonly Grammar[] => parent.children.filter(it => !isHidden(it))

function section(command: Grammar, parent: string, level: number): string[] {
  const name = `${parent} ${command.name()}`
  return [
    `${'#'.repeat(level)} ${name.replace(`${programName} `, '')}`,
    '',
    command.description(),
    '',
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

/** What must be given is written out. */
function synopsis(command: Grammar, name: string): string {
  const must = command.options.filter(it => it.mandatory).map(it => it.flags)
  const shown = command.registeredArguments.map(it =>
    it.required ? `<${it.name()}>` : `[${it.name()}${it.variadic ? '...' : ''}]`,
  )
  return [name, ...shown, ...must, ...(command.options.length > must.length ? ['[options]'] : [])].join(' ')
}

const argumentRows = (command: Grammar): string[] =>
  command.registeredArguments.map(
    it => `- \`${it.name()}\`${it.required ? '' : ' (may be left out)'}: ${it.description}`,
  )

const optionRows = (command: Grammar): string[] =>
  command.options.map(it => {
    const notes = [
      it.mandatory ? 'required' : '',
      typeof it.defaultValue === 'string' ? `default ${it.defaultValue}` : '',
    ].filter(Boolean)
    return `- \`${it.flags}\`${notes.length ? ` (${notes.join(', ')})` : ''}: ${it.description}`
  })

const uncapital = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '')
