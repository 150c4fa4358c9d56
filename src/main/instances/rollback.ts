/** Brings back the code that an instance had before its last rebuild, which was kept beside it. */
import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import type { z } from 'zod'
import { rollbackJob, type ExchangePlan } from '../../shared/jobs/rebuild'
import { problem } from '../../shared/problem'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { existsItself, syncFolder } from '../system/files'
import { targetContradiction } from './lifecycle/derived'
import { isSeamless } from './lifecycle/reload'
import { findOwn, isRunning } from './lifecycle/target'
import { makeReplaced, releasedBefore, rememberReleased, removeReplaced } from './rebuild/exchange'
import { planMove } from './rebuild/schema'
import { opposite, readMove, writeMove } from './rebuild/schema-move'
import { pathsOf, type ExchangeStep, type RebuildServices } from './rebuild/services'
import { exchangeSteps } from './rebuild/steps'

export const rollback = (services: RebuildServices): AnyOperation =>
  implement(rollbackJob, {
    plan: input => planRollback(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    // tests of today's manifest may ask for what the earlier code lacks, so they must not bar the way back
    steps: { 'take-previous': takePrevious(services), ...exchangeSteps(services, false) },
  })

/** @throws Problem `instance-unknown`, `instance-foreign`, `no-previous-code` */
async function planRollback(
  services: RebuildServices,
  { name }: z.output<typeof rollbackJob.input>,
): Promise<ExchangePlan> {
  const { target, config, manifest, paths } = await findOwn(services, name)
  if (!config.previous || !(await existsItself(paths.slots.previous.server)) || !(await releasedBefore(paths)))
    throw problem({
      code: 'no-previous-code',
      message: `There is no earlier code of “${name}” to roll back to.`,
      hint: 'It is kept from a rebuild to the next one.',
    })
  const move = (await readMove(paths.slots.previous)) && (await planMove(services, config))
  if (move) await services.space.require('a rollback', move.bytes, true)
  return {
    token: randomUUID(),
    target,
    ran: await isRunning(services, target),
    // the schema changes while the instance is stopped
    seamless: (!move && config.seamless && (await isSeamless(services, target))) || undefined,
    manifest,
    fingerprint: config.previous.release,
    from: config.release,
    moves: move?.moves,
    behind: config.previous.schemaBehind,
    wasBehind: config.schemaBehind,
  }
}

const takePrevious = (services: RebuildServices): ExchangeStep => ({
  async do({ plan }) {
    const paths = pathsOf(services, plan)
    const { previous, next } = paths.slots
    const released = await releasedBefore(paths)
    if (released) {
      await makeReplaced(paths, released)
      const move = await readMove(previous)
      if (move) await writeMove(paths.slots.replaced, opposite(move))
      await rename(previous.folder, next.folder)
      await syncFolder(paths.folder)
    }
  },
  verify: async ({ plan }) => existsItself(pathsOf(services, plan).slots.next.folder),
  async undo({ plan }) {
    const paths = pathsOf(services, plan)
    const { previous, next } = paths.slots
    if (await existsItself(next.folder)) {
      await rememberReleased(paths)
      await rename(next.folder, previous.folder)
    }
    await removeReplaced(paths)
    await syncFolder(paths.folder)
  },
})
