/** What stops a command: a Problem, and how the command ends by it. */
import { ProblemError, toProblem, type Problem } from '../../shared/problem'
import { exitCodes, type ExitCode } from './exit-codes'

export class Failure extends Error {
  override readonly name = 'Failure'
  /** @param data what the result tells besides the Problem */
  constructor(
    readonly problem: Problem,
    readonly exit: ExitCode,
    readonly data?: unknown,
  ) {
    super(problem.message)
  }
}

/** What is missing or wrong in the command itself. */
export const wrongUsage = (message: string, hint?: string): Failure =>
  new Failure({ code: 'usage', message, hint }, exitCodes.usage)

export const refused = (problem: Problem): Failure => new Failure(problem, exitCodes.refused)

/** The router's fields, as the command line calls them. */
const options: Readonly<Record<string, string>> = {
  name: 'the name',
  port: 'the port',
  'director.name': '--director-name',
  'director.email': '--director-email',
  'director.password': 'the password',
  'filter.search.text': '--grep',
}

/**
 * Anything thrown, as a Failure. A Problem that the engine answers with means that nothing was begun: it is refused, or
 * the input is not valid, which is wrong usage. What is no Problem is a defect.
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
 * From what a call throws to the Problem that it carries. tRPC's own class is not asked for: loading it would cost all
 * who need it not.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (!(error instanceof Error) || error.name !== 'TRPCClientError') return toProblem(error)
  const { data } = error as Error & { readonly data?: { readonly problem?: Problem } | null }
  return data?.problem ?? engineGone()
}

export const engineGone = (): Problem => ({
  code: 'engine-gone',
  message: 'The Instance Manager that was asked has ended before it answered.',
  hint: 'Run "instance-manager operations" to see what is open; the next command goes on with it.',
})
