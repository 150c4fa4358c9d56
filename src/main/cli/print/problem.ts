/** Formats a Problem for standard error. */
import { quoteNames } from '../../../shared/notes'
import type { Problem, ProblemAction } from '../../../shared/problem'
import { clean, cleanLine } from './clean'
import type { Paint } from './style'

/** The commands that correspond to a window's buttons. */
const commands: Readonly<Partial<Record<ProblemAction, string>>> = {
  'start-infrastructure': 'instance-manager infra up',
  'new-data': 'instance-manager infra up --new-data',
  harden: 'instance-manager infra harden',
  'use-embedded': 'instance-manager init --driver embedded',
  'choose-driver': 'instance-manager init --driver podman|docker|embedded',
  'open-activity': 'instance-manager operations',
  'stop-other': 'the same command with --stop-other',
  'use-npm-install': 'the same command with --npm-install',
  'free-space': 'instance-manager space free',
  'sign-in-link': 'instance-manager serve --link',
  autostart: 'instance-manager autostart on',
}

const sentence = (text: string): string => cleanLine(quoteNames(text))

export function problemLines({ code, message, cause, hint, action, details }: Problem, paint: Paint): string[] {
  const command = action && commands[action]
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
