/**
 * Problems: errors that a person can act on. They cross every border of the app as plain data (journal, IPC, socket,
 * command line), so that nobody ever reads "Something went wrong".
 */

import { systemProblem } from './system-errors'

/** Something the screen can offer as a button beside a problem. */
export type ProblemAction =
  | 'start-infrastructure'
  | 'choose-driver'
  | 'retry'
  | 'open-activity'
  | 'stop-other'
  | 'use-npm-install'
  | 'free-space'
  | 'keep-waiting'

export interface Problem {
  /** Stable, kebab-case, listed in docs/problems.md. */
  readonly code: string
  /** What happened, as one sentence to the operator. */
  readonly message: string
  /** Why it happened, if known. */
  readonly cause?: string | undefined
  /** What to do now. */
  readonly hint?: string | undefined
  /** A button that does it, where there is one. */
  readonly action?: ProblemAction | undefined
  /** The instance that the action is for. */
  readonly instance?: string | undefined
  /** The input that is at fault, e.g. `name` or `director.email`. */
  readonly field?: string | undefined
  /** A tool's own last words, trimmed and free of secrets; shown behind "Details". */
  readonly details?: string | undefined
}

/** An error that carries a Problem. `message` is the problem's, so that stacks stay readable. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.message, options)
  }
}

/** Throws a problem: `throw problem({ code, message })` reads as what it is. */
export const problem = (data: Problem, cause?: unknown): ProblemError => new ProblemError(data, { cause })

/**
 * Turns anything thrown into a Problem: ours, or the operating system's. Anything else is a defect, and says so with
 * its own message.
 */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  const known = systemProblem(error)
  if (known) return known
  const message = error instanceof Error ? error.message : String(error)
  return {
    code: 'unexpected',
    message: `Unexpected error: ${message.split('\n')[0] ?? ''}`,
    hint: 'Try again. If it stays, report it with the details below.',
    details: error instanceof Error ? error.stack : undefined,
  }
}
