/** What maintenance does: its jobs, and what they would do. */
import type { MaintenanceReview } from '../../shared/maintenance'
import type { AnyOperation } from '../operations/operation'
import { maintaining } from './maintain'
import { maintenance } from './maintenance'
import { reviewMaintenance } from './review'
import type { MaintenanceServices } from './services'

/** The part of the room that an engine which runs jobs loads when it opens. */
export interface MaintenanceWork {
  readonly jobs: readonly AnyOperation[]
  /** What it would do now, to these instances or all. @throws Problem `infrastructure-stopped` */
  review(names: readonly string[] | undefined, signal: AbortSignal): Promise<readonly MaintenanceReview[]>
}

export const maintenanceWork = (services: MaintenanceServices): MaintenanceWork => ({
  jobs: [maintaining(services), maintenance(services)],
  review: (names, signal) => reviewMaintenance(services, names, signal),
})
