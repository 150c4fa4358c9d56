/** The room of maintenance: its jobs, what they would do, and the schedule that begins them. */
import { maintenanceJob } from '../../shared/jobs/maintenance'
import { planOf } from '../../shared/jobs/words'
import { patternOf, type MaintenanceReview, type MaintenanceState } from '../../shared/maintenance'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Roster } from '../instances/roster'
import type { Space } from '../instances/space'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import { Schedule } from '../system/schedule'
import type { Base } from '../workspace/opened'

export interface MaintenanceRoom {
  jobs(): Promise<readonly AnyOperation[]>
  /** When it next begins automatically, now and whenever that changes. */
  watch(signal: AbortSignal): AsyncGenerator<MaintenanceState, void, undefined>
  /** What it would do now, to these instances or all. @throws Problem `infrastructure-stopped` */
  review(names: readonly string[] | undefined, signal: AbortSignal): Promise<readonly MaintenanceReview[]>
  /** Runs it on schedule while the workspace is open. */
  start(): void
}

interface Others {
  readonly shared: InfrastructureRoom
  readonly roster: Roster
  readonly space: Space
}

export function maintenanceRoom(
  base: Base,
  operations: Operations,
  { shared, roster, space }: Others,
): MaintenanceRoom {
  const { settings, signal, place, closing, log } = base
  const { infrastructure, databases } = shared
  const services = { ...base, ...roster, infrastructure, databases, space, operations }
  const schedule = new Schedule({
    pattern: async () => patternOf((await settings.read()).maintenance),
    since: () => lastBegun(operations, roster),
    async run() {
      const id = await operations.start(maintenanceJob.kind, {})
      log.info('Scheduled maintenance of the databases has begun.')
      await operations.rested(id, signal)
    },
  })

  /** Only a change of the schedule itself counts. */
  async function followSettings(): Promise<void> {
    let known: string | undefined
    for await (const states of settings.watch(signal)) {
      const now = JSON.stringify(states.filter(it => it.key.startsWith('maintenance.')).map(it => it.value))
      if (known !== undefined && known !== now) schedule.changed()
      known = now
    }
  }

  return {
    async jobs() {
      const [{ maintaining }, { maintenance }] = await Promise.all([import('./maintain'), import('./maintenance')])
      return [maintaining(services), maintenance(services)]
    },
    async *watch(until) {
      for await (const { next, problem } of schedule.watch(until)) yield { next: next?.toISOString(), problem }
    },
    review: async (names, until) => (await import('./review')).reviewMaintenance(services, names, until),
    start() {
      if (place.kind === 'command') return // too short-lived
      operations.whenSettled(() => schedule.look())
      const working = [schedule.run(signal), followSettings()]
      closing.add(() => Promise.allSettled(working))
    },
  }
}

/**
 * When maintenance of all databases last began, on schedule or not. If it never did: when the oldest instance was
 * created, so that a machine that is never on at the scheduled time gets maintenance too.
 */
async function lastBegun(operations: Operations, { configs }: Roster): Promise<Date | undefined> {
  const runs = operations.list().filter(it => planOf(maintenanceJob, it)?.all)
  const { configs: all, foreign } = await configs()
  const own = all.filter(it => !foreign.has(it.name))
  if (own.length === 0) return undefined
  const times = (runs.length > 0 ? runs.map(it => it.openedAt) : own.map(it => it.created)).map(it => Date.parse(it))
  const known = times.filter(it => Number.isFinite(it))
  const time = runs.length > 0 ? Math.max(...known) : Math.min(...known)
  return Number.isFinite(time) ? new Date(time) : undefined
}
