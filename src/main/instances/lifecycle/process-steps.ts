/** Starting and stopping an instance's process, for every job that does so. */
import type { StartPlan } from '../../../shared/jobs/lifecycle'
import type { Target } from '../../../shared/jobs/target'
import { problem, toProblem } from '../../../shared/problem'
import type { StepActions } from '../../operations/implement'
import type { Context } from '../../operations/operation'
import { exists } from '../../system/files'
import { waitFor } from '../../system/wait'
import { waitForHealth, type HealthServices } from '../health'
import { ownProcess } from './own-process'
import { modeOf } from './mode'
import { healthTarget, isOnline, type LifecycleServices } from './target'

/**
 * Heals its pool, starts it (a new process, so `.env` is reread; as its own user, if it has one; in cluster mode, if it
 * is seamless), saves PM2's list and records that it should be running.
 * @throws Problem `script-missing`, which PM2 wouldn't report
 */
export async function startTarget(
  { paths, processes, desired, pools }: Pick<LifecycleServices, 'paths' | 'processes' | 'desired' | 'pools'>,
  target: Target,
  { signal, report }: Partial<Pick<Context<unknown>, 'signal' | 'report'>> = {},
): Promise<void> {
  if (!(await exists(target.script))) {
    throw problem({
      code: 'script-missing',
      message: `“${target.name}” can’t be started: ${target.script} is missing.`,
      hint: 'Restore the instance’s folder from a backup, or delete the instance.',
    })
  }
  await pools.heal(target, { signal, report })
  await processes.start({ ...target, ...(await modeOf({ paths, processes }, target, report)) }, signal)
  await processes.dump.save()
  await desired.add(target.name)
}

/**
 * Stops it, saves PM2's list and records that it shouldn't be running. @throws Problem `instance-foreign` if its folder
 * now belongs to another instance
 */
export async function stopTarget({ processes, desired, ownership }: LifecycleServices, target: Target): Promise<void> {
  await ownership.requireFolder(target.name)
  await processes.stop(target)
  await processes.dump.save()
  await desired.remove(target.name)
}

/**
 * Gets it running again, for undo. It may have been unhealthy before, or its folder may have been removed by hand, so a
 * failure is only reported: otherwise the operation could never end.
 */
export async function startAgain(
  services: LifecycleServices,
  target: Target,
  { signal, report }: Pick<Context<unknown>, 'signal' | 'report'>,
): Promise<void> {
  if (!(await exists(target.script))) {
    await services.desired.remove(target.name)
    return report({ text: `“${target.name}” can’t be restarted: ${target.script} is missing` })
  }
  if (await isOnline(services, target)) await services.desired.add(target.name)
  else await startTarget(services, target, { signal, report })
  try {
    const its = await healthTarget(services, target)
    await waitForHealth(services, { ...its, bootSeconds: Math.min(its.bootSeconds, longestUndo) }, { signal, report })
  } catch (error) {
    report({ text: toProblem(error).message })
  }
}

/** Seconds that undo waits for an application to boot: it can't be cancelled, and nothing depends on the outcome. */
const longestUndo = 60

/**
 * Starts the instance. Undo stops it, unless PM2 has given up: its state then shows why. If it should be running all
 * the same, it is removed from PM2's list instead: *stopped* would mean that someone stopped it (desired-keeper.ts).
 */
export const startProcess = (services: LifecycleServices): StepActions<StartPlan> => ({
  async do({ plan, signal, report }) {
    await claimDatabase(services, plan.target.name)
    await startTarget(services, plan.target, { signal, report })
  },
  verify: async ({ plan: { target } }) =>
    (await isOnline(services, target)) &&
    (await services.processes.dump.saved(target)) &&
    (await services.desired.names()).includes(target.name),
  undo: async ({ plan: { target, wanted } }) => {
    if (!(await isGivenUp(services, target)))
      await (wanted ? services.processes.unlist(target) : services.processes.stop(target))
    await services.processes.dump.save()
    if (!wanted) await services.desired.remove(target.name)
  },
})

/** Marks its database as ours the first time we start it. */
export async function claimDatabase({ configs, ownership }: LifecycleServices, name: string): Promise<void> {
  const found = await configs()
  await ownership.claim({ ...found, configs: found.configs.filter(it => it.name === name) })
}

// ms; PM2 gives up after 16 crashes, which take 2 to 4 s, and counts only those in the first 16 s
const givesUpWithin = 16_000

/** Whether PM2 has given up on it. Waits while it keeps crashing: `errored` says more to the operator than `stopped`. */
async function isGivenUp({ processes }: LifecycleServices, target: Target): Promise<boolean> {
  const answer = await waitFor(
    async () => {
      const process = await ownProcess(await processes.list(), target)
      if (process?.status === 'errored') return 'yes'
      return (!process || process.restarts === 0) && 'no' // otherwise it may be between two starts
    },
    { timeout: givesUpWithin },
  )
  return answer === 'yes'
}

/** Waits until it is healthy, for as long as it may take to boot. @throws as `waitForHealth` */
export async function waitForTarget(
  services: HealthServices & Pick<LifecycleServices, 'paths'>,
  target: Pick<Target, 'name' | 'cwd' | 'port'>,
  context: Pick<Context<unknown>, 'signal' | 'report'>,
): Promise<void> {
  await waitForHealth(services, await healthTarget(services, target), context)
}

export const verifyHealth = <Plan extends { readonly target: Target }>(
  services: LifecycleServices,
): StepActions<Plan> => ({
  do: ({ plan, signal, report }) => waitForTarget(services, plan.target, { signal, report }),
  verify: () => Promise.resolve(false), // checking again is cheap
})
