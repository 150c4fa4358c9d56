/**
 * Problems: errors that a person can act on. They travel through the journal, IPC, sockets and the command line as
 * plain data, so nobody ever reads "Something went wrong".
 */

import { systemProblem } from './system-errors'

/** Something a screen can offer as a button next to a problem. */
export type ProblemAction =
  | 'start-infrastructure'
  | 'new-data'
  | 'choose-driver'
  | 'harden'
  | 'use-embedded'
  | 'retry'
  | 'open-activity'
  | 'stop-other'
  | 'use-npm-install'
  | 'free-space'
  | 'keep-waiting'
  | 'test-again'
  | 'show-here'
  | 'sign-in-link'
  | 'open-workspace'
  | 'autostart'

export interface Problem {
  /** Stable, kebab-case, listed in docs/problems.md. */
  readonly code: string
  /** What happened, in one sentence for the operator. */
  readonly message: string
  /** Why it happened, if known. */
  readonly cause?: string | undefined
  /** What to do now. */
  readonly hint?: string | undefined
  /** The button that does what the hint says, if there is one. */
  readonly action?: ProblemAction | undefined
  /** The instance that the action applies to. */
  readonly instance?: string | undefined
  /** The folder of the workspace that the action applies to. */
  readonly workspace?: string | undefined
  /** The container image that is missing. It can be loaded from a file instead. */
  readonly image?: string | undefined
  /** The invalid input, e.g. `name` or `director.email`. */
  readonly field?: string | undefined
  /** The tail of a tool's output, trimmed and without secrets; shown under "Details". */
  readonly details?: string | undefined
}

/** Whether an operation with this problem waits for the operator with nothing undone, because all may be well. */
export const waitsForDecision = ({ action }: Problem): boolean => action === 'keep-waiting' || action === 'test-again'

/** An error that carries a Problem. Its `message` is the problem's, which keeps stack traces readable. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.message, options)
  }
}

/** For `throw problem({ code, message })`. */
export const problem = (data: Problem, cause?: unknown): ProblemError => new ProblemError(data, { cause })

/**
 * Turns anything thrown into a Problem. Anything that is neither one of ours nor an error of the operating system is a
 * bug, and is reported as unexpected.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const known = systemProblem(error)
  if (known) return known
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'unexpected',
    message: `Unexpected error: ${message.split('\n')[0] ?? ''}`,
    hint: 'Try again. If it keeps happening, report it with the details below.',
    details: error instanceof Error ? error.stack : undefined,
  }
}
