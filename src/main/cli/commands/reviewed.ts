/** What a dry run prints: what a job would change, what it costs, and why it is refused. */
import type { Problem } from '../../../shared/problem'
import { exitCodes } from '../exit-codes'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import type { CommandSession, Result } from '../session'

export function reviewed(
  session: CommandSession,
  review: { readonly refused: readonly Problem[] },
  { changes, costs }: { readonly changes: readonly string[]; readonly costs: readonly string[] },
): Result {
  const lines = [
    'Changes:',
    ...changes.map(it => `  ${cleanLine(it)}`),
    'Costs:',
    ...costs.map(it => `  ${cleanLine(it)}`),
  ]
  const [refusal, ...others] = review.refused
  if (!refusal) return { data: review, lines }
  for (const it of others) if (!session.json) session.err.lines(problemLines(it, session.err.paint))
  return { exit: exitCodes.refused, problem: refusal, data: review, lines }
}
