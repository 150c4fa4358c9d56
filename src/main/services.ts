/** An open workspace as the app around it and the router see it: one object per room. Types only. */
import type { Autostart } from './autostart/room'
import type { DoctorRoom } from './doctor/room'
import type { Infrastructure } from './infrastructure/infrastructure'
import type { InfrastructureRoom } from './infrastructure/room'
import type { Instances } from './instances/room'
import type { Machine } from './instances/machine'
import type { Space } from './instances/space'
import type { UsedReleases } from './instances/used-releases'
import type { LogsRoom } from './logs/room'
import type { MaintenanceRoom } from './maintenance/room'
import type { Operations } from './operations/engine'
import type { Tables } from './tables/room'
import type { Terminals } from './terminal/room'
import type { AppLog } from './workspace/app-log'
import type { Base } from './workspace/opened'
import type { WorkspacePaths } from './workspace/paths'
import type { SavedViews } from './workspace/saved-views'
import type { SettingsFile } from './workspace/settings'

export interface WorkspaceServices {
  readonly paths: WorkspacePaths
  /** What its tools and instances run on. */
  readonly node: Base['node']
  readonly log: AppLog
  readonly settings: SettingsFile
  readonly views: SavedViews
  readonly operations: Operations
  readonly infrastructure: Infrastructure
  readonly hardening: InfrastructureRoom['hardening']
  readonly moving: InfrastructureRoom['moving']
  readonly instances: Instances
  readonly logs: LogsRoom
  readonly doctor: DoctorRoom
  readonly maintenance: MaintenanceRoom
  readonly terminals: Terminals
  readonly tables: Tables
  readonly space: Space
  readonly machine: Machine
  readonly releases: UsedReleases
  readonly autostart: Autostart
  /**
   * Aborted when it is closed or its lock is lost; then the reason is the Problem `workspace-lock-lost`, and it must
   * still be closed.
   */
  readonly signal: AbortSignal
  /** Releases everything. Running operations are interrupted, and recovered at the next opening. */
  close(): Promise<void>
}
