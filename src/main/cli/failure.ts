/** Why a command fails: a Problem and an exit code. */
import { ProblemError, toProblem, type Problem } from '../../shared/problem'
import { exitCodes, type ExitCode } from './exit-codes'

export class Failure extends Error {
  override readonly name = 'Failure'
  /** @param data added to the result besides the Problem */
  constructor(
    readonly problem: Problem,
    readonly exit: ExitCode,
    readonly data?: unknown,
  ) {
    super(problem.message)
  }
}

/** Something is missing or wrong in the command line itself. */
export const wrongUsage = (message: string, hint?: string): Failure =>
  new Failure({ code: 'usage', message, hint }, exitCodes.usage)

export const refused = (problem: Problem): Failure => new Failure(problem, exitCodes.refused)

/** The command line's names for the router's fields. */
const options: Readonly<Record<string, string>> = {
  name: 'the name',
  port: 'the port',
  'director.name': '--director-name',
  'director.email': '--director-email',
  'director.password': 'the password',
  'filter.search.text': '--grep',
}

/**
 * Turns anything thrown into a Failure. A Problem from the engine means that nothing was begun: refused, or wrong usage
 * if the input is invalid. Anything else is a bug.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error
  const problem = problemOf(error)
  if (problem.code === 'input')
    return new Failure(
      { ...problem, hint: `Correct ${options[problem.field ?? ''] ?? problem.field ?? 'it'} and try again.` },
      exitCodes.usage,
    )
  return new Failure(
    problem,
    problem.code === 'unexpected' || problem.code === 'engine-gone' ? exitCodes.failed : exitCodes.refused,
  )
}

/**
 * Extracts the Problem from a rejected call. Doesn't use tRPC's own class, because loading it would slow down every
 * command.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (!(error instanceof Error) || error.name !== 'TRPCClientError') return toProblem(error)
  const { data } = error as Error & { readonly data?: { readonly problem?: Problem } | null }
  return data?.problem ?? engineGone()
}

export const engineGone = (): Problem => ({
  code: 'engine-gone',
  message: 'Instance Manager stopped before it answered.',
  hint: 'Run “instance-manager operations” to see what is open; the next command continues with it.',
})
