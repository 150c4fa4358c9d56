/** The steps once the code is in the slot *next*: try it, switch to it, keep the old code. */
import { chown, rename } from 'node:fs/promises'
import { rebuildJob, type ExchangePlan } from '../../../shared/jobs/rebuild'
import { problem, toProblem } from '../../../shared/problem'
import { reportWords } from '../../../shared/schema'
import type { Context } from '../../operations/operation'
import { existsItself, makeFolder, removeTemporary, syncFolder } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import { changeInstanceConfig, requireInstanceConfig } from '../../workspace/instance-config'
import type { InstancePaths } from '../../workspace/paths'
import { claimDatabase, startAgain, startTarget, stopTarget, verifyHealth } from '../lifecycle/process-steps'
import { handBack, reloadTarget } from '../lifecycle/reload'
import { reportedSmokeTests, smokeTests } from '../smoke'
import { runAs } from '../system-user/identity'
import { placesOf, takeBack } from '../system-user/ownership'
import { dumpDatabase, forgetDump } from './dump'
import { isSwitched, releasedIn, settleOwn, switchBack, switchIn } from './exchange'
import { leaveNewSettings, takeNewSettings } from './new-settings'
import { removeSafely } from './own-files'
import { ownerLogin } from './schema'
import { makeMove, opposite, readMove, type SchemaMove } from './schema-move'
import { pathsOf, type Exchange, type ExchangeStep, type RebuildServices } from './services'
import { trial } from './trial'

/** A rebuild's code must pass the smoke tests. After a rollback they are run too, but their result is only reported. */
export const exchangeSteps = (services: RebuildServices, job: Exchange) => ({
  trial: trial(services, job),
  'dump-database': dumpDatabase(services),
  switch: switchOver(services),
  reload: reload(services),
  'start-process': startProcess(services),
  'verify-health': verifyNew(services, job),
  'smoke-tests': (job === rebuildJob.kind ? smokeTests : reportedSmokeTests)<ExchangePlan>(services),
  'keep-previous': keepPrevious(services),
})

const switchOver = (services: RebuildServices): ExchangeStep => ({
  async do({ plan: { target, ran, seamless, fingerprint, behind }, plan, note }) {
    const paths = pathsOf(services, plan)
    const released = await releasedIn(paths, plan.manifest) // read while the instance is still running
    const move = await readMove(paths.slots.replaced)
    await services.ownership.requireFolder(target.name) // a stopped instance is checked too
    if (ran && !seamless) await stopTarget(services, target)
    await endOthers(services, target.name)
    if (move) await moveSchema(services, paths, move, note)
    await switchIn(services.run, paths, released, seamless)
    await makeDataFolders(services, plan)
    await takeNewSettings(services, plan)
    await changeInstanceConfig(paths.config, it => ({ ...it, release: fingerprint, schemaBehind: behind }))
    await removeSafely(services.run, paths.slots.next.folder)
  },
  verify: () => Promise.resolve(false), // a repeat changes nothing; these notes stay
  async undo(context) {
    const { plan, note } = context
    const paths = pathsOf(services, plan)
    const [switched, move] = [await isSwitched(paths), await readMove(paths.slots.replaced)]
    if (switched || move) {
      if (plan.ran && !plan.seamless) await stopTarget(services, plan.target)
      await endOthers(services, plan.target.name)
    }
    if (move)
      await moveSchema(services, paths, opposite(move), note).catch(async (error: unknown) => {
        if (plan.ran) await serveMeanwhile(services, context)
        throw error
      })
    if (switched) await switchBack(services.run, paths, await releasedIn(paths, plan.manifest), plan.seamless)
    await leaveNewSettings(services, plan)
    await removeTemporary(paths.folder) // a crash may have left part of a config.json
    await changeInstanceConfig(paths.config, it => ({ ...it, release: plan.from, schemaBehind: plan.wasBehind }))
    if (plan.ran) await (plan.seamless ? handBack : startAgain)(services, plan.target, context)
    if (switched && plan.seamless)
      await settleOwn(services.run, paths, paths.slots.next, await releasedIn(paths, plan.manifest))
  },
})

/** Those added to the manifest since the instance was created. The application's own user couldn't create them. */
async function makeDataFolders(services: RebuildServices, { target, manifest }: ExchangePlan): Promise<void> {
  const paths = pathsOf(services, { target, manifest })
  const user = await runAs(services.paths, target.name)
  for (const it of placesOf(paths, manifest).data) {
    if (await existsItself(it)) continue
    await makeFolder(it)
    if (user) await chown(it, user.uid, user.gid)
  }
}

/**
 * The schema can't go back yet: its rows don't allow it, or another session holds a table. Until the operator tries
 * again, the instance keeps running on its current code: the one that fits the schema, unless nothing was exchanged
 * yet. Even then, most of the old code works, and nothing would if it stayed stopped.
 */
const serveMeanwhile = (services: RebuildServices, context: Context<ExchangePlan>): Promise<void> =>
  startAgain(services, context.plan.target, context).catch((error: unknown) =>
    context.report({ text: toProblem(error).message }),
  )

/** While the instance is stopped. Safe to repeat: the database itself records which schema it has. */
async function moveSchema(
  services: RebuildServices,
  { config }: InstancePaths,
  move: SchemaMove,
  note: Context<ExchangePlan>['note'],
): Promise<void> {
  const login = await ownerLogin(services, await requireInstanceConfig(config))
  const report = await makeMove(services.schemas, login, move)
  note([`The database’s schema was moved ${move.direction}.`, ...reportWords(report)].join('\n'))
}

/** Ends the system user's processes, so none can swap a folder for a link while root moves its content. */
async function endOthers({ run, paths }: RebuildServices, name: string): Promise<void> {
  const user = await runAs(paths, name)
  if (user) await endProcessesOf(run, user)
}

/** The new code takes over without a gap: `switch` has exchanged the folders while the old code runs. */
const reload = (services: RebuildServices): ExchangeStep => ({
  async do({ plan, signal, report }) {
    await claimDatabase(services, plan.target.name)
    await reloadTarget(services, plan.target, { signal, report })
    const paths = pathsOf(services, plan)
    await settleOwn(services.run, paths, paths.slots.replaced, await releasedIn(paths, plan.manifest))
  },
  verify: () => Promise.resolve(false), // there is no telling whether the running code is the new code
})

const startProcess = (services: RebuildServices): ExchangeStep => ({
  async do({ plan: { target }, signal, report }) {
    await claimDatabase(services, target.name)
    await startTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // there is no telling whether the running code is the new code
  undo: ({ plan: { target } }) => stopTarget(services, target),
})

/** Slow code counts as failed: going back is better than waiting for the operator. */
const verifyNew = (services: RebuildServices, job: Exchange): ExchangeStep => {
  const { do: verify, ...rest } = verifyHealth<ExchangePlan>(services)
  return {
    ...rest,
    do: context =>
      verify(context).catch((error: unknown) => {
        const { action, ...found } = toProblem(error)
        throw action === 'keep-waiting' ? problem({ ...found, hint: slowHints[job] }) : error
      }),
  }
}

const slowHints: Readonly<Record<Exchange, string>> = {
  rebuild:
    'The instance goes back to its old code. If the new code always takes this long, give the instance a longer boot time, then rebuild again.',
  rollback:
    'The instance goes back to its current code. If the previous code always takes this long, give the instance a longer boot time, then roll back again.',
}

/** Removes the way back from the exchange before this one, and keeps this one's instead. */
const keepPrevious = (services: RebuildServices): ExchangeStep => ({
  async do({ plan, signal, report }) {
    const paths = pathsOf(services, plan)
    const { folder, config, slots } = paths
    if (await existsItself(slots.replaced.folder)) {
      await forgetBefore(services, paths).catch((error: unknown) => report({ text: toProblem(error).message }))
      const user = await runAs(services.paths, plan.target.name)
      if (user) await takeBack(services.run, user, placesOf(slots.replaced, plan.manifest), {}, signal)
      await services.trash.put(slots.previous.folder, plan.token, false).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EXDEV') throw error // the instance's folder is a link to another disk
        return removeSafely(services.run, slots.previous.folder)
      })
      await forgetDump(slots.replaced)
      await rename(slots.replaced.folder, slots.previous.folder)
      await syncFolder(folder)
    }
    await removeTemporary(folder) // a crash may have left part of a config.json
    const previous = { release: plan.from, replaced: new Date().toISOString(), schemaBehind: plan.wasBehind }
    await changeInstanceConfig(config, it => ({ ...it, previous }))
  },
  verify: () => Promise.resolve(false), // repeating it costs nothing
})

/**
 * Discards what was kept for the way back from the exchange before this one. What can't be discarded now is discarded
 * at the next rebuild that changes the schema.
 */
async function forgetBefore(services: RebuildServices, paths: InstancePaths): Promise<void> {
  const { config, slots } = paths
  const [before, now] = await Promise.all([slots.previous, slots.replaced].map(readMove))
  if (!before) return
  const login = await ownerLogin(services, await requireInstanceConfig(config))
  await services.schemas.forget(login, now ? [now.change.id] : [])
}
