/** Formats a Problem for standard error. */
import { quoteNames } from '../../../shared/notes'
import type { Problem, ProblemAction } from '../../../shared/problem'
import { shellWord } from '../../../shared/shell-word'
import { clean, cleanLine } from './clean'
import type { Paint } from './style'

/** The commands that correspond to a window's buttons. WORKSPACE stands for the command's own. */
const commands: Readonly<Partial<Record<ProblemAction, string>>> = {
  'start-infrastructure': 'instance-manager infra up',
  'new-data': 'instance-manager infra up --new-data',
  harden: 'instance-manager infra harden',
  'use-embedded': 'instance-manager init WORKSPACE --driver embedded',
  'choose-driver': 'instance-manager init WORKSPACE --driver podman|docker|embedded',
  'open-activity': 'instance-manager operations',
  'stop-other': 'the same command with --stop-other',
  'use-npm-install': 'the same command with --npm-install',
  'free-space': 'instance-manager space free',
  'sign-in-link': 'instance-manager serve --link',
  autostart: 'instance-manager autostart on',
}

const sentence = (text: string): string => cleanLine(quoteNames(text))

/** @param workspace the command's, if it has chosen one */
export function problemLines(
  { code, message, cause, hint, action, details }: Problem,
  paint: Paint,
  workspace?: string,
): string[] {
  const command =
    action && commands[action]?.replace('WORKSPACE', () => (workspace ? shellWord(workspace) : 'WORKSPACE'))
  return [
    `${paint('red', '✗')} ${sentence(message)} ${paint('dim', `(${cleanLine(code)})`)}`,
    ...(cause ? [`  Cause: ${sentence(cause)}`] : []),
    ...(hint ? [`  Hint: ${sentence(hint)}`] : []),
    ...(command ? [`  Command: ${command}`] : []),
    ...(details
      ? [
          '  Details:',
          ...clean(details)
            .trimEnd()
            .split('\n')
            .map(it => `    ${it}`),
        ]
      : []),
  ]
}
