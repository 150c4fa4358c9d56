/** The room of the health report. What it does is loaded when it is needed. */
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import { once } from '../system/once'
import type { Base } from '../workspace/opened'
import type { DoctorWork, Others } from './work'

/** As `DoctorWork`, which an engine that runs jobs loads when it opens. */
export interface DoctorRoom extends Omit<DoctorWork, 'jobs'> {
  jobs(): Promise<readonly AnyOperation[]>
}

export function doctorRoom(base: Base, operations: Operations, others: Others): DoctorRoom {
  const work = once(async () => (await import('./work')).doctorWork(base, operations, others))
  return {
    jobs: async () => (await work()).jobs,
    async *examine(name, signal) {
      yield* (await work()).examine(name, signal)
    },
    diagnostics: async signal => (await work()).diagnostics(signal),
  }
}
