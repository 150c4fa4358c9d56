/**
 * Maintains the databases of several instances, one at a time. Each is a separate operation, so that it holds its
 * instance only while it works on it, and gives way to any other job.
 */
import { maintenanceFigures } from '../../shared/maintenance'
import { maintainJob, maintenanceJob, type MaintenancePlan } from '../../shared/jobs/maintenance'
import { whyNotDone } from '../../shared/jobs/words'
import { isOpen, type OperationState, type StepResult } from '../../shared/operation'
import { problem, toProblem, type Problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { begunAlready } from '../instances/many'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { requirePostgres, type MaintenanceServices } from './services'

export const maintenance = (services: MaintenanceServices): AnyOperation =>
  implement(maintenanceJob, {
    async plan({ names }) {
      await requirePostgres(services)
      const own = await ownNames(services)
      const chosen = names ? [...new Map(names.map(it => [things.instance(it), it])).values()] : [...own]
      if (chosen.length === 0)
        throw problem({
          code: 'maintenance-nothing',
          message: 'There is no database to maintain.',
          hint: 'Create an instance first.',
        })
      return { names: chosen, all: own.every(it => chosen.includes(it)), since: new Date().toISOString() }
    },
    ready: () => requirePostgres(services),
    contradiction: (_plan, subject) =>
      subject === things.maintenance ? undefined : `its subject is ${JSON.stringify(subject)}.`,
    steps: {},
    instance: name => ofInstance(services, name),
  })

/** The instances that can be maintained, sorted by name: not copies, nor any whose files can't be read. */
export async function ownNames({ configs }: Pick<MaintenanceServices, 'configs'>): Promise<readonly string[]> {
  const found = await configs()
  return found.configs
    .map(it => it.name)
    .filter(it => !found.foreign.has(it))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

const ofInstance = ({ operations }: MaintenanceServices, name: string): StepActions<MaintenancePlan> => ({
  async do({ plan, signal }) {
    try {
      const operation =
        begunAlready(operations.list(), maintainJob.kind, plan.since, name) ??
        (await operations.start(maintainJob.kind, { name }))
      return resultOf(await endedWith(operations, operation, signal))
    } catch (error) {
      signal.throwIfAborted()
      return { problem: toProblem(error) }
    }
  },
  verify: () => Promise.resolve(false), // `do` looks for its operation
})

/** Unlike a restart, it can stop part-way. So cancelling the whole run cancels it too, and waits until it has ended. */
async function endedWith(
  operations: MaintenanceServices['operations'],
  id: string,
  signal: AbortSignal,
): Promise<OperationState> {
  try {
    return await operations.rested(id, signal)
  } catch (error) {
    if (!signal.aborted) throw error
    operations.cancel(id) // refused if the engine is closing: then both continue at the next start
    return await operations.rested(id)
  }
}

/** The result of one instance's operation, which has come to rest. */
function resultOf(state: OperationState): StepResult {
  const seconds = (Date.parse(state.settledAt ?? state.openedAt) - Date.parse(state.openedAt)) / 1000
  const measured = Object.assign({ seconds }, ...state.steps.map(it => it.result?.figures ?? {})) as Record<
    string,
    number
  >
  const its = state.turned?.reason === 'failed' || isOpen(state) ? whyNotDone(state) : undefined
  return {
    operation: state.id,
    problem: (state.turned && !its ? gaveWay : its) ?? state.steps.find(it => it.result?.problem)?.result?.problem,
    figures: maintenanceFigures(measured) && measured,
  }
}

const gaveWay: Problem = {
  code: 'maintenance-stopped',
  message: 'Maintenance was stopped part-way, by you or because another job needed the instance.',
  hint: 'What was done stays done. The next run does the rest.',
}
