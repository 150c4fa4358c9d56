/** What an open workspace offers to the app and the router: compose.ts makes it of the rooms. */
import type { z } from 'zod'
import type {
  bootTimeInputSchema,
  DeletePreview,
  InstanceDetails,
  LeftoversPreview,
  PortCheck,
} from '../shared/instance'
import type { StartRequest } from '../shared/jobs'
import type { Problem } from '../shared/problem'
import type { Infrastructure } from './infrastructure/infrastructure'
import type { Registry } from './instances/registry'
import type { Space } from './instances/space'
import type { AppLog } from './logs/app-log'
import type { Logs } from './logs/logs'
import type { Rotation } from './logs/rotate'
import type { Operations } from './operations/engine'
import type { WorkspacePaths } from './workspace/paths'
import type { SettingsFile } from './workspace/settings'

/** The services of one open workspace. */
export interface WorkspaceServices {
  readonly paths: WorkspacePaths
  readonly operations: Operations
  readonly infrastructure: Infrastructure
  readonly settings: SettingsFile
  readonly registry: Registry
  readonly logs: Logs
  readonly rotation: Rotation
  readonly space: Space
  readonly appLog: AppLog
  readonly ports: { suggest(): Promise<number>; check(port: number): Promise<PortCheck> }
  /** Whether a name can be had, and what it would be called in the database. */
  checkName(name: string): Promise<{ problem?: Problem; database?: string }>
  /** The password of a created instance's director, once. */
  takePassword(operation: string): Promise<{ email: string; password: string } | undefined>
  /** Brings PostgreSQL and PgBouncer up. @returns the operation that does it; undefined if both run */
  bringUp(): Promise<string | undefined>
  /** Starts a job, and first what it needs. @returns its operation's id @throws as `Operations.start` */
  start(request: StartRequest): Promise<string>
  details(name: string): Promise<InstanceDetails>
  /** How long its application may take to answer after a start. */
  setBootTime(input: z.infer<typeof bootTimeInputSchema>): Promise<void>
  /** One masked value of its `.env`. */
  reveal(name: string, key: string): Promise<string>
  previewDelete(name: string, signal?: AbortSignal): Promise<DeletePreview>
  previewLeftovers(name: string, signal?: AbortSignal): Promise<LeftoversPreview>
  /** Ends an instance's process that PM2 has lost. To keep it, start the instance: PM2 then replaces it. */
  endLost(name: string): Promise<void>
  /**
   * Aborted when it is closed, and when its lock is lost: its reason is then the Problem `workspace-lock-lost`. It is
   * still to be closed.
   */
  readonly signal: AbortSignal
  /** Lets go of everything; what runs is interrupted and recovered at the next opening. */
  close(): Promise<void>
}
