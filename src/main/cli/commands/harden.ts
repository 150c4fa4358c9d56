/** `infra harden`: gives adopted containers the secure set-up. */
import { hardenSentences } from '../../../shared/hardening'
import { hardenJob } from '../../../shared/jobs/harden'
import { endedOf, succeed, withOperations } from '../operate'
import type { CommandSession, Result } from '../session'
import { reviewed } from './reviewed'

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
  return reviewed(session, review, hardenSentences(review))
}
