/** `infra harden`: gives adopted containers the secure set-up. */
import { hardenSentences } from '../../../shared/hardening'
import { hardenJob } from '../../../shared/jobs/harden'
import { endedOf, succeed, withOperations } from '../operate'
import { exitCodes } from '../exit-codes'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import type { CommandSession, Result } from '../session'

export interface HardenOptions {
  readonly dryRun?: boolean
}

export async function harden(session: CommandSession, { dryRun = false }: HardenOptions): Promise<Result> {
  if (!dryRun)
    return await withOperations(session, async services => ({
      data: { operations: [endedOf(await succeed(services, { kind: hardenJob.kind }))] },
    }))
  const { client } = await session.engine('look')
  const review = await client.infrastructure.reviewHardening.query()
  const { changes, costs } = hardenSentences(review)
  const [refusal] = review.refused
  const lines = [
    'Changes:',
    ...changes.map(it => `  ${cleanLine(it)}`),
    'Costs:',
    ...costs.map(it => `  ${cleanLine(it)}`),
  ]
  if (!refusal) return { data: review, lines }
  for (const it of review.refused.slice(1)) if (!session.json) session.err.lines(problemLines(it, session.err.paint))
  return { exit: exitCodes.refused, problem: refusal, data: review, lines }
}
