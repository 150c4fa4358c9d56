/** Shell completion: scripts that call a hidden command, which reads the workspace's folder and needs no engine. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { driverKinds, serviceNames } from '../../../shared/infrastructure'
import { isHidden, programName, type Completes, type Grammar } from '../grammar'
import type { Result, CommandSession } from '../session'
import { chooseWorkspace } from '../workspace'

const scripts: Readonly<Record<string, string>> = {
  bash: `_instance_manager() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(${programName} __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _instance_manager ${programName}
`,
  zsh: `#compdef ${programName}
_instance_manager() {
  local -a found
  found=("\${(@f)$(${programName} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _instance_manager ${programName}
`,
  fish: `function __instance_manager_complete
  set -l words (commandline -opc) (commandline -ct)
  ${programName} __complete -- $words[2..-1] 2>/dev/null
end
complete -c ${programName} -f -a '(__instance_manager_complete)'
`,
}

export const completionScript = (shell: string): Promise<Result> =>
  Promise.resolve({ data: { shell, script: scripts[shell] }, lines: [(scripts[shell] ?? '').trimEnd()] })

/** @param words the words after the program's name; the last one is to be completed */
export async function complete(program: Grammar, session: CommandSession, words: readonly string[]): Promise<Result> {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { command, given, valueOf, workspace } = walk(program, before)
  const candidates =
    valueOf !== undefined
      ? optionValues(command, valueOf)
      : typed.startsWith('-')
        ? optionsOf(program, command)
        : [
            ...command.children.filter(it => !isHidden(it)).map(it => it.name()),
            ...(await argumentValues(command, given, session, workspace)),
          ]
  return { lines: candidates.filter(it => it.startsWith(typed)) }
}

/** Finds the command that the words lead to, and its arguments. */
function walk(program: Grammar, words: readonly string[]) {
  let command = program
  let given = 0
  let valueOf: string | undefined
  let workspace: string | undefined
  for (const word of words) {
    if (valueOf !== undefined) {
      if (valueOf === '--workspace') workspace = word
      valueOf = undefined
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(it => it.long === word || it.short === word)
      if (option?.required) valueOf = option.long
    } else {
      const child = command.children.find(it => it.name() === word)
      if (child) command = child
      else given++
    }
  }
  return { command, given, valueOf, workspace }
}

const optionsOf = (program: Grammar, command: Grammar): string[] => [
  '--help',
  ...[...command.options, ...(command === program ? [] : program.options)].flatMap(it => it.long ?? []),
]

/** An option's possible values, if its description lists them. */
function optionValues(command: Grammar, option: string): string[] {
  const values: Readonly<Record<string, readonly string[]>> = {
    '--driver': driverKinds,
    '--port': ['auto'],
    '--jwt-secret': ['generate', 'base'],
  }
  return command.options.some(it => it.long === option) ? [...(values[option] ?? [])] : []
}

const fixed: Readonly<Record<string, readonly string[]>> = {
  action: ['get', 'set', 'unset', 'undo'],
  how: ['resume', 'roll-back'],
  shell: ['bash', 'zsh', 'fish'],
  service: serviceNames,
}

async function argumentValues(
  command: Grammar,
  given: number,
  session: CommandSession,
  workspace: string | undefined,
): Promise<string[]> {
  const { registeredArguments: all } = command
  const argument = all[given] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined)
  if (!argument) return []
  const by = command.completed.get(argument.name())
  if (!by) return [...(fixed[argument.name()] ?? [])]
  if (by === 'setting') return (await import('../../../shared/setting-list')).allSettings.map(it => it.key)
  const chosen = await chooseWorkspace(workspace ?? session.options.workspace, await session.data()).catch(
    () => undefined,
  )
  return chosen ? namesOf(by, chosen.path) : []
}

async function namesOf(by: Exclude<Completes, 'setting'>, workspace: string): Promise<string[]> {
  const [folder, pattern] =
    by === 'instance'
      ? ([join(workspace, 'instances'), /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/] as const)
      : ([join(workspace, '.instance-manager', 'operations'), /^(.*)\.jsonl$/] as const)
  const entries = await readdir(folder).catch(() => [])
  return entries
    .filter(it => pattern.test(it))
    .map(it => it.replace(/\.jsonl$/, ''))
    .toSorted((a, b) => (a < b ? -1 : 1))
}
