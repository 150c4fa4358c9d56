/** The steps from the code in the slot *next* on: try it, switch to it, keep the old code. */
import { rename } from 'node:fs/promises'
import type { ExchangePlan } from '../../../shared/jobs/rebuild'
import { problem, toProblem } from '../../../shared/problem'
import { existsItself, syncFolder } from '../../system/files'
import { endProcessesOf } from '../../system/users'
import { changeInstanceConfig } from '../../workspace/instance-config'
import { claimDatabase, startAgain, startTarget, stopTarget, verifyHealth } from '../lifecycle/process-steps'
import { handBack, reloadTarget } from '../lifecycle/reload'
import { reportedSmokeTests, smokeTests } from '../smoke'
import { runAs } from '../system-user/identity'
import { placesOf, takeBack } from '../system-user/ownership'
import { isSwitched, releasedIn, settleOwn, switchBack, switchIn } from './exchange'
import { removeSafely } from './own-files'
import { pathsOf, type ExchangeStep, type RebuildServices } from './services'
import { trial } from './trial'

/** @param tested the code must pass the smoke tests; otherwise they are run, and their result is only reported */
export const exchangeSteps = (services: RebuildServices, tested: boolean) => ({
  trial: trial(services, tested),
  switch: switchOver(services),
  reload: reload(services),
  'start-process': startProcess(services),
  'verify-health': verifyNew(services),
  'smoke-tests': (tested ? smokeTests : reportedSmokeTests)<ExchangePlan>(services),
  'keep-previous': keepPrevious(services),
})

const switchOver = (services: RebuildServices): ExchangeStep => ({
  async do({ plan: { target, ran, seamless, fingerprint }, plan }) {
    const paths = pathsOf(services, plan)
    const released = await releasedIn(paths) // read while it still runs
    await services.ownership.requireFolder(target.name) // a stopped instance is checked too
    if (ran && !seamless) await stopTarget(services, target)
    await endOthers(services, target.name)
    await switchIn(services.run, paths, released, seamless)
    await changeInstanceConfig(paths.config, it => ({ ...it, release: fingerprint }))
    await removeSafely(services.run, paths.slots.next.folder)
  },
  verify: async ({ plan }) => !(await existsItself(pathsOf(services, plan).slots.next.folder)),
  async undo(context) {
    const { plan } = context
    const paths = pathsOf(services, plan)
    if (await isSwitched(paths)) {
      if (plan.ran && !plan.seamless) await stopTarget(services, plan.target)
      await endOthers(services, plan.target.name)
      await switchBack(services.run, paths, await releasedIn(paths), plan.seamless)
    }
    await changeInstanceConfig(paths.config, it => ({ ...it, release: plan.from }))
    if (plan.ran) await (plan.seamless ? handBack : startAgain)(services, plan.target, context)
  },
})

/** No process of its own user may exchange a folder for a link while root moves what is in it. */
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
    await settleOwn(services.run, paths, await releasedIn(paths))
  },
  verify: () => Promise.resolve(false), // whether what runs is the new code can't be told
})

const startProcess = (services: RebuildServices): ExchangeStep => ({
  async do({ plan: { target }, signal, report }) {
    await claimDatabase(services, target.name)
    await startTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // whether what runs is the new code can't be told
  undo: ({ plan: { target } }) => stopTarget(services, target),
})

/** Code that is slow has failed, too: the old code is better than waiting for the operator. */
const verifyNew = (services: RebuildServices): ExchangeStep => {
  const { do: verify, ...rest } = verifyHealth<ExchangePlan>(services)
  return {
    ...rest,
    do: context =>
      verify(context).catch((error: unknown) => {
        const { action, ...found } = toProblem(error)
        throw action === 'keep-waiting' ? problem({ ...found, hint: slowHint }) : error
      }),
  }
}

const slowHint =
  'It has the code it had. If the new code always takes this long, give the instance a longer boot time, then rebuild again.'

/** The way back from the exchange before this one is removed; this one's takes its place. */
const keepPrevious = (services: RebuildServices): ExchangeStep => ({
  async do({ plan, signal }) {
    const { folder, config, slots } = pathsOf(services, plan)
    if (await existsItself(slots.replaced.folder)) {
      const user = await runAs(services.paths, plan.target.name)
      if (user) await takeBack(services.run, user, placesOf(slots.replaced, plan.manifest), {}, signal)
      await services.trash.put(slots.previous.folder, plan.token, false)
      await rename(slots.replaced.folder, slots.previous.folder)
      await syncFolder(folder)
    }
    const previous = { release: plan.from, replaced: new Date().toISOString() }
    await changeInstanceConfig(config, it => ({ ...it, previous }))
  },
  verify: () => Promise.resolve(false), // to keep what is kept costs nothing
})
