/** Exchanges the process of a seamless instance: the new one answers before the old one ends. */
import type { Target } from '../../../shared/jobs/target'
import { problem, toProblem } from '../../../shared/problem'
import type { Context } from '../../operations/operation'
import { waitForHealth } from '../health'
import { modeOf } from './mode'
import { ownedBy } from './own-process'
import { claimDatabase, startAgain, startTarget, stopTarget, waitForTarget } from './process-steps'
import { healthTarget, type LifecycleServices } from './target'

/** Whether it runs in cluster mode, so its process can be exchanged. PM2's former daemon doesn't let go of its port. */
export async function isSeamless(
  { processes }: Pick<LifecycleServices, 'processes'>,
  target: Target,
): Promise<boolean> {
  const own = await ownedBy(await processes.list(), target)
  return own.some(it => it.status === 'online' && it.execMode === 'cluster' && !it.former)
}

/**
 * Starts a second process, waits until it is healthy, and only then ends the first. Can be repeated after a crash at
 * any moment: the process started last stays. If there is nothing to take over from, it is started as usual.
 * @throws Problem `reload-failed` if the new one isn't healthy; by then it has been ended, and the others still run
 */
export async function reloadTarget(
  services: LifecycleServices,
  target: Target,
  context: Pick<Context<unknown>, 'signal' | 'report'>,
): Promise<void> {
  const { processes, pools } = services
  const { seamless } = await modeOf(services, target, context.report)
  if (!seamless || !(await isSeamless(services, target))) {
    await startTarget(services, target, context)
    return waitForTarget(services, target, context)
  }
  await pools.heal(target, context)
  const id = await processes.startBeside({ ...target, seamless })
  try {
    await waitForHealth(services, { ...(await healthTarget(services, target)), beside: id }, context)
  } catch (error) {
    await processes.endOne(target, id)
    context.signal.throwIfAborted()
    throw failed(target.name, error)
  }
  await processes.retireOthers(target, target.port, id)
  await processes.dump.save()
}

/**
 * Gives it a new process, which reads `.env` again. A seamless instance keeps its old one until the new one is healthy;
 * otherwise PM2 replaces it, and whether it is healthy remains to be checked.
 */
export async function renewProcess(
  services: LifecycleServices,
  target: Target,
  context: Pick<Context<unknown>, 'signal' | 'report'>,
): Promise<void> {
  await claimDatabase(services, target.name)
  const renew = (await isSeamless(services, target)) ? reloadTarget : startTarget
  await renew(services, target, context)
}

/**
 * For undo, once the old code is back in place: it takes over without a gap or, if it can't, by a restart. Like
 * `startAgain`, this only reports a failure.
 */
export async function handBack(
  services: LifecycleServices,
  target: Target,
  context: Pick<Context<unknown>, 'signal' | 'report'>,
): Promise<void> {
  try {
    await reloadTarget(services, target, context)
  } catch {
    context.signal.throwIfAborted()
    await stopTarget(services, target)
    await startAgain(services, target, context)
  }
}

function failed(name: string, error: unknown) {
  const { message, cause, details } = toProblem(error)
  return problem(
    {
      code: 'reload-failed',
      message: `The new process of “${name}” doesn’t work beside the old one.`,
      cause: cause === undefined ? message : `${message} ${cause}`,
      hint: 'The old process was kept. If the application can’t run twice at once, end seamless rebuilds for it.',
      details,
    },
    error,
  )
}
