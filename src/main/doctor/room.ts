/** The room of the health report, which is loaded when it is needed. */
import type { ExaminationNews } from '../../shared/doctor'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Roster } from '../instances/roster'
import type { Machine } from '../instances/machine'
import type { Registry } from '../instances/registry'
import type { Space } from '../instances/space'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Processes } from '../processes/client'
import type { Releases } from '../releases/releases'
import type { Base } from '../workspace/opened'

export interface DoctorRoom {
  jobs(): Promise<readonly AnyOperation[]>
  /**
   * Examines what the instances share, then every instance, or one. Changes nothing.
   * @throws Problem `instance-unknown`; Problems of the manifest
   */
  examine(name: string | undefined, signal: AbortSignal): AsyncGenerator<ExaminationNews, void, undefined>
  /** See `diagnostics`. */
  diagnostics(signal: AbortSignal): Promise<string>
}

export type DoctorWork = Omit<DoctorRoom, 'jobs'> & { readonly jobs: readonly AnyOperation[] }

export interface Others {
  readonly shared: InfrastructureRoom
  readonly processes: Processes
  readonly releases: Releases
  readonly roster: Roster
  readonly space: Space
  readonly registry: Registry
  readonly machine: Machine
  /** All known secrets. */
  readonly secrets: () => Promise<readonly string[]>
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
