/** From what a call throws to the Problem that it carries. */
import { TRPCClientError } from '@trpc/client'
import { toProblem, type Problem } from '../../../shared/problem'
import { problemSchema } from '../../../shared/problem-schema'

/** Any rejection of a call as a Problem; a lost line is one too. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof TRPCClientError)) return toProblem(error)
  const data: unknown = error.data
  const carried = problemSchema.safeParse(
    typeof data === 'object' && data !== null && 'problem' in data ? data.problem : undefined,
  )
  if (carried.success) return carried.data
  if (data === undefined || data === null) {
    return {
      code: 'connection-lost',
      message: 'The answer did not arrive: the connection was lost.',
      hint: 'It comes back by itself. Then try again.',
    }
  }
  return toProblem(error)
}
