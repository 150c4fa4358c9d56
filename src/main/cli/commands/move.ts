/** `infra move`, `infra upgrade`, `infra remove-old`: move PostgreSQL, and remove what a move left behind. */
import type { z } from 'zod'
import type { DriverKind } from '../../../shared/infrastructure'
import { moveJob, removeFormerJob } from '../../../shared/jobs/move'
import { moveSentences } from '../../../shared/move'
import type { Client } from '../engine'
import { endedOf, succeed, withOperations } from '../operate'
import type { CommandSession, Result } from '../session'
import { reviewed } from './reviewed'

export interface MoveOptions {
  readonly dryRun?: boolean
}

export const move = (session: CommandSession, driver: DriverKind, options: MoveOptions): Promise<Result> =>
  moveTo(session, () => Promise.resolve({ driver }), options)

/** With the current driver. */
export const upgrade = (session: CommandSession, image: string, options: MoveOptions): Promise<Result> =>
  moveTo(session, async client => ({ driver: (await client.infrastructure.status.query()).driver, image }), options)

async function moveTo(
  session: CommandSession,
  where: (client: Client) => Promise<z.input<typeof moveJob.input>>,
  { dryRun = false }: MoveOptions,
): Promise<Result> {
  if (!dryRun)
    return await withOperations(session, async services => {
      const to = await where(services.client)
      return { data: { operations: [endedOf(await succeed(services, { kind: moveJob.kind, ...to }))] } }
    })
  const { client } = await session.engine('look')
  const review = await client.infrastructure.reviewMove.query(await where(client))
  return reviewed(session, review, moveSentences(review))
}

export const removeOld = (session: CommandSession): Promise<Result> =>
  withOperations(session, async services => ({
    data: { operations: [endedOf(await succeed(services, { kind: removeFormerJob.kind }))] },
  }))
