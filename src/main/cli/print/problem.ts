/** A Problem on standard error. */
import type { Problem, ProblemAction } from '../../../shared/problem'
import { clean, cleanLine } from './clean'
import type { Paint } from './style'

/** What a window offers as a button. */
const commands: Readonly<Partial<Record<ProblemAction, string>>> = {
  'start-infrastructure': 'instance-manager infra up',
  'choose-driver': 'instance-manager init --driver podman|docker|embedded',
  'open-activity': 'instance-manager operations',
  'stop-other': 'the same with --stop-other',
  'use-npm-install': 'the same with --npm-install',
  'free-space': 'instance-manager space free',
}

export function problemLines({ code, message, cause, hint, action, details }: Problem, paint: Paint): string[] {
  const command = action && commands[action]
  return [
    `${paint('red', '✗')} ${cleanLine(message)} ${paint('dim', `(${cleanLine(code)})`)}`,
    ...(cause ? [`  Cause: ${cleanLine(cause)}`] : []),
    ...(hint ? [`  Hint: ${cleanLine(hint)}`] : []),
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
