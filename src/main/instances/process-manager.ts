/**
 * Exchanges PM2's daemon, e.g. after an upgrade, and restarts what it ran: each instance by an operation of its own, one
 * at a time. After the first failure, the others stay where they run, under the former daemon.
 */
import { restartJob } from '../../shared/jobs/lifecycle'
import { failedIn, leftBecause, processManagerJob, type ProcessManagerPlan } from '../../shared/jobs/process-manager'
import { whyNotDone } from '../../shared/jobs/words'
import { isOpen } from '../../shared/operation'
import { problem, toProblem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { ProcessInfo } from '../processes/client'
import { mapLimited } from '../system/map-limited'
import { interruptFor } from './interrupt'
import { isActive, ownProcess, ownedBy } from './lifecycle/own-process'
import { requireNodeFits, type NodeFitServices } from './lifecycle/node-fit'
import { findInstance, findOwn, isRunning, type LifecycleServices } from './lifecycle/target'
import { begunAlready, bringUpStep, type ManyServices } from './many'
import { runningInstances } from './running'

type Services = ManyServices & Pick<LifecycleServices, 'paths' | 'configs' | 'ownership' | 'processes'>

export const processManagerRestart = (services: Services): AnyOperation =>
  implement(processManagerJob, {
    async plan() {
      const listed = await services.processes.list() // starts the daemon if it isn't running
      const outdated = await services.processes.outdated()
      if (!outdated)
        throw problem({
          code: 'pm2-current',
          message: 'The process manager is up to date.',
          cause: 'PM2’s daemon is already the one of the installed version.',
        })
      // after an earlier job that left some, those that it restarted are done
      const isBegun = listed.some(it => it.former)
      const isDone = (name: string): boolean => isBegun && listed.some(it => it.name === name && !it.former)
      const names = (await runningInstances(services)).map(it => it.name)
      return { ...outdated, names: names.filter(it => !isDone(it)), since: new Date().toISOString() }
    },
    ready: ({ names }) => services.bringUpFor(names),
    steps: {
      'bring-up': bringUpStep(services, ({ names }) => names),
      exchange: {
        async do() {
          await services.processes.exchange()
          return {} // a result, so it stays even if the rest is cancelled
        },
        verify: () => Promise.resolve(false), // repeating it is the check
      },
      'hand-over': {
        async do({ plan, note }) {
          for (const it of await handOver(services, plan)) note(it)
          return {}
        },
        verify: () => Promise.resolve(false),
      },
    },
    instance: name => ofInstance(services, name),
  })

/** @returns the instances that the job leaves under the former daemon, as they must be rebuilt first (`requireNodeFits`) */
export async function unfitToRestart(services: Services & NodeFitServices): Promise<string[]> {
  const found = await mapLimited(await runningInstances(services), 4, async ({ name }) => {
    try {
      const { config, target } = await findInstance(services, name)
      await requireNodeFits(services, config, target.cwd)
    } catch (error) {
      if (toProblem(error).code === 'node-changed') return [name]
    }
    return [] // one that can't be looked at says why when it is restarted
  })
  return found.flat()
}

/** Everything but the instances that run: these get an operation each. @returns what couldn't be started again */
async function handOver(services: Services, { names }: ProcessManagerPlan): Promise<readonly string[]> {
  const { serverOf } = await services.configs()
  const isNext = async (process: ProcessInfo): Promise<boolean> =>
    names.includes(process.name) &&
    isActive(process.status) &&
    (await ownedBy([process], { name: process.name, cwd: serverOf(process.name) })).length > 0
  return await services.processes.handOver(isNext)
}

const ofInstance = (services: Services, name: string): StepActions<ProcessManagerPlan> => ({
  async do({ plan, signal }) {
    const { operations, processes } = services
    const own = operations.list().find(it => it.kind === processManagerJob.kind && isOpen(it)) // there is never another
    const failed = own && failedIn(own)
    if (failed !== undefined) return { problem: leftBecause(name, failed) }
    try {
      let operation = begunAlready(operations.list(), restartJob.kind, plan.since, name)
      if (operation === undefined) {
        const { target } = await findOwn(services, name)
        const process = await ownProcess(await processes.list(), target)
        const isDone = process ? !process.former : !(await isRunning(services, target))
        if (isDone) return {}
        if (process && !isActive(process.status)) {
          await handOver(services, plan) // stopped meanwhile
          return {}
        }
        await interruptFor(operations, restartJob.kind, name, signal)
        operation = await operations.start(restartJob.kind, { name })
      }
      return { operation, problem: whyNotDone(await operations.rested(operation, signal)) }
    } catch (error) {
      signal.throwIfAborted()
      return { problem: toProblem(error) }
    }
  },
  verify: () => Promise.resolve(false), // `do` looks for its operation
})
