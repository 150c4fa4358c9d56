/** The room of maintenance: its jobs, what they would do (both loaded when needed), and the schedule that begins them. */
import { maintenanceJob } from '../../shared/jobs/maintenance'
import { planOf } from '../../shared/jobs/words'
import { patternOf, type MaintenanceState } from '../../shared/maintenance'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Roster } from '../instances/roster'
import type { Space } from '../instances/space'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import { once } from '../system/once'
import { Schedule } from '../system/schedule'
import type { Base } from '../workspace/opened'
import type { MaintenanceWork } from './work'

export interface MaintenanceRoom extends Omit<MaintenanceWork, 'jobs'> {
  jobs(): Promise<readonly AnyOperation[]>
  /** When it next begins automatically, now and whenever that changes. */
  watch(signal: AbortSignal): AsyncGenerator<MaintenanceState, void, undefined>
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
  const work = once(async () =>
    (await import('./work')).maintenanceWork({ ...base, ...roster, infrastructure, databases, space, operations }),
  )
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
    jobs: async () => (await work()).jobs,
    async *watch(until) {
      for await (const { next, problem } of schedule.watch(until)) yield { next: next?.toISOString(), problem }
    },
    review: async (names, until) => (await work()).review(names, until),
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
