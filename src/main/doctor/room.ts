/** The room of the health report, which is loaded when it is needed. */
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Base } from '../workspace/opened'
import type { DoctorWork, Others } from './work'

export interface DoctorRoom extends Omit<DoctorWork, 'jobs'> {
  jobs(): Promise<readonly AnyOperation[]>
}

export function doctorRoom(base: Base, operations: Operations, others: Others): DoctorRoom {
  let loading: Promise<DoctorWork> | undefined
  const work = (): Promise<DoctorWork> =>
    (loading ??= import('./work').then(it => it.doctorWork(base, operations, others)))
  return {
    jobs: async () => (await work()).jobs,
    async *examine(name, signal) {
      yield* (await work()).examine(name, signal)
    },
    diagnostics: async signal => (await work()).diagnostics(signal),
  }
}
