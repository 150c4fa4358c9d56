/** Steps on an instance's process, used by every job that starts or stops one. */
import { problem, type ProblemError } from '../../../shared/problem'
import type { Context, Step } from '../../operations/operation'
import { waitForHealth } from '../health'
import { isOnline, type LifecycleServices, type Target } from './target'

/** Starts it (a new process, so `.env` is read anew), keeps that in PM2's dump, and remembers that it should run. */
export async function startTarget({ processes, desired }: Pick<LifecycleServices, 'processes' | 'desired'>, target: Target, signal?: AbortSignal): Promise<void> {
  await processes.start(target, signal)
  await processes.save()
  await desired.add(target.name)
}

/** Stops it, keeps that in PM2's dump, and remembers that it should not run. */
export async function stopTarget({ processes, desired }: LifecycleServices, target: Target): Promise<void> {
  await processes.stop(target)
  await processes.save()
  await desired.remove(target.name)
}

/** As it was before: started and healthy again. For undo, which nobody aborts. */
export async function startAgain(to: LifecycleServices, target: Target, { signal, report }: Pick<Context<unknown>, 'signal' | 'report'>): Promise<void> {
  if (!await isOnline(to, target)) await startTarget(to, target)
  await waitForHealth(to, target, { signal, report })
}

/** Starts the instance. Undone, it is stopped, unless PM2 has given it up already: then its state tells why. */
export const startProcess = <Plan extends { readonly target: Target }>(to: LifecycleServices): Step<Plan> => ({
  name: 'start-process',
  do: ({ plan, signal }) => startTarget(to, plan.target, signal),
  verify: ({ plan }) => isOnline(to, plan.target),
  undo: async ({ plan }) => {
    if (await isOnline(to, plan.target)) await stopTarget(to, plan.target)
    else await to.desired.remove(plan.target.name)
  },
})

export const verifyHealth = <Plan extends { readonly target: Target }>(to: LifecycleServices): Step<Plan> => ({
  name: 'verify-health',
  do: ({ plan, signal, report }) => waitForHealth(to, plan.target, { signal, report }),
  verify: () => Promise.resolve(false), // a look is cheap and always due
})

/** Whom a job must not find on the port. @throws Problem `port-in-use` that names a foreign process, or the running instance and that it can be stopped first */
export function portInUse(port: number, by: string, action?: 'stop-other'): ProblemError {
  return problem({
    code: 'port-in-use', field: 'port', message: `Port ${port} is in use.`, cause: `${by}.`,
    hint: action ? 'Stop that instance first, or change the port of this one.' : 'Wait for it or end it, or change the port of this instance.',
    action,
  })
}
