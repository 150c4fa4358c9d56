/** Extracts the Problem from a rejected call. */
import { TRPCClientError } from '@trpc/client'
import { toProblem, type Problem } from '../../../shared/problem'
import { problemSchema } from '../../../shared/problem-schema'

/** Turns any rejection of a call into a Problem, including a lost connection. */
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
      message: 'The connection was lost before the answer arrived.',
      hint: 'It will reconnect automatically. Then try again.',
    }
  }
  return toProblem(error)
}
