/** Brings back the code that an instance had before its last rebuild, which was kept beside the current code. */
import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import type { z } from 'zod'
import { rollbackJob, type ExchangePlan } from '../../shared/jobs/rebuild'
import { implement } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { existsItself, syncFolder } from '../system/files'
import type { InstancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { requireNodeFits } from './lifecycle/node-fit'
import { isSeamless } from './lifecycle/reload'
import { findOwn, isRunning } from './lifecycle/target'
import type { ManyServices } from './many'
import { makeReplaced, releasedBefore, rememberReleased, removeReplaced } from './rebuild/exchange'
import { putDumpAside, takeDumpBack } from './rebuild/dump'
import { requireExchangeable } from './rebuild/refuse'
import { planMove } from './rebuild/schema'
import { opposite, readMove, writeMove } from './rebuild/schema-move'
import { removeSafely } from './rebuild/own-files'
import { pathsOf, type ExchangeStep, type RebuildServices } from './rebuild/services'
import { exchangeSteps } from './rebuild/steps'
import { requirePrevious } from './rebuild/way-back'

export const rollback = (services: RebuildServices & Pick<ManyServices, 'bringUpFor'>): AnyOperation =>
  implement(rollbackJob, {
    plan: input => planRollback(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    ready: ({ target }) => services.bringUpFor([target.name]),
    // today's manifest may test for something that the previous code lacks, so its tests must not block the rollback
    steps: { 'take-previous': takePrevious(services), ...exchangeSteps(services, rollbackJob.kind) },
  })

/** @throws Problem `instance-unknown`, `instance-foreign`, `exchange-abandoned`, `instance-mounts`, `no-previous-code`, `node-changed` */
async function planRollback(
  services: RebuildServices,
  { name }: z.output<typeof rollbackJob.input>,
): Promise<ExchangePlan> {
  const { target, config, manifest, paths } = await findOwn(services, name)
  await requireExchangeable(name, paths, config.previous !== undefined)
  const previous = await requirePrevious(config, paths)
  await requireNodeFits(services, { name, release: previous.release }, paths.slots.previous.server)
  const move = (await readMove(paths.slots.previous)) && (await planMove(services, config))
  if (move) await services.space.require('a rollback', move.bytes, true)
  return {
    token: randomUUID(),
    target,
    ran: await isRunning(services, target),
    // the schema changes while the instance is stopped
    seamless: (!move && config.seamless && (await isSeamless(services, target))) || undefined,
    manifest,
    fingerprint: previous.release,
    from: config.release,
    moves: move?.moves,
    behind: previous.schemaBehind,
    wasBehind: config.schemaBehind,
  }
}

const takePrevious = (services: RebuildServices): ExchangeStep => ({
  async do({ plan }) {
    const paths = pathsOf(services, plan)
    const { previous, next } = paths.slots
    const released = await releasedBefore(paths)
    if (released) {
      await removeSafely(services.run, next.folder) // left by an abandoned rebuild
      await makeReplaced(paths, plan.manifest, released)
      const move = await readMove(previous)
      if (move) await writeMove(paths.slots.replaced, opposite(move))
      await putDumpAside(previous, paths.slots.replaced)
      await rename(previous.folder, next.folder)
      await syncFolder(paths.folder)
    }
  },
  verify: async ({ plan }) => isTaken(pathsOf(services, plan)),
  async undo({ plan }) {
    const paths = pathsOf(services, plan)
    const { previous, next, replaced } = paths.slots
    const taken = await isTaken(paths)
    await takeDumpBack(replaced, taken ? next : previous)
    if (taken) {
      await rememberReleased(paths)
      await rename(next.folder, previous.folder)
    }
    await removeReplaced(paths)
    await syncFolder(paths.folder)
  },
})

const isTaken = async ({ slots: { previous, next } }: InstancePaths): Promise<boolean> =>
  (await existsItself(next.folder)) && !(await existsItself(previous.folder))
