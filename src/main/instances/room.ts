/** The room of the instances: the list, and the jobs and queries, which are loaded when one is needed. */
import type { z } from 'zod'
import type { bootTimeInputSchema, InstanceDetails, InstanceReach, labelsInputSchema } from '../../shared/instance'
import type { DeletePreview, LeftoversPreview } from '../../shared/removal'
import type { PortCheck } from '../../shared/ports'
import type { StartRequest } from '../../shared/jobs'
import type { rehearseInputSchema } from '../../shared/jobs/rebuild'
import type { renameJob } from '../../shared/jobs/rename'
import type { InstanceLimits } from '../../shared/limits'
import type { Problem } from '../../shared/problem'
import type { FleetMember, RebuildReview } from '../../shared/rebuild-review'
import type { Rehearsal, WayBack } from '../../shared/schema'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Processes } from '../processes/client'
import type { Releases } from '../releases/releases'
import type { SchemaRoom } from '../schema/room'
import type { Base } from '../workspace/opened'
import type { CreationFaults } from './create/check'
import type { Account } from './director/script'
import type { Registry } from './registry'
import type { Roster } from './roster'
import type { Space } from './space'
import type { Trash } from './trash'

export interface Instances {
  jobs(): Promise<readonly AnyOperation[]>
  readonly registry: Registry
  readonly ports: {
    suggest(): Promise<number>
    /** See `choosePorts`. */
    suggestFrom(first: number, count: number): Promise<number[]>
    check(port: number): Promise<PortCheck>
  }
  /** Whether a name is free, and the database's name that follows from it. */
  checkName(name: string): Promise<{ problem?: Problem; database?: string }>
  /** Whether an instance can be renamed so. */
  checkRename(input: z.output<typeof renameJob.input>): Promise<{ problem?: Problem }>
  /** See `checkCreations`. */
  checkCreations(items: readonly { readonly name: string; readonly port?: number }[]): Promise<CreationFaults[]>
  /** The password of a created instance's director, once. */
  takePassword(operation: string): Promise<{ email: string; password: string } | undefined>
  /** Brings PostgreSQL and PgBouncer up. @returns the operation that does it; undefined if both are running */
  bringUp(): Promise<string | undefined>
  /** Starts a job, and first whatever it needs. @returns its operation's id @throws as `Operations.start` */
  begin(request: StartRequest): Promise<string>
  details(name: string): Promise<InstanceDetails>
  limits(name: string): Promise<InstanceLimits>
  reach(name: string): Promise<InstanceReach>
  /** See `directors`. */
  directors(name: string, signal?: AbortSignal): Promise<readonly Account[] | undefined>
  /** Sets how long its application may take to answer after a start. */
  setBootTime(input: z.infer<typeof bootTimeInputSchema>): Promise<void>
  /** Sets its tags and notes. */
  setLabels(input: z.infer<typeof labelsInputSchema>): Promise<void>
  /** One masked value of its `.env`. */
  reveal(name: string, key: string): Promise<string>
  previewDelete(name: string, signal?: AbortSignal): Promise<DeletePreview>
  /** As `previewDelete`, for several. @throws for the first that can't be deleted */
  previewDeletions(names: readonly string[], signal?: AbortSignal): Promise<DeletePreview[]>
  previewLeftovers(name: string, signal?: AbortSignal): Promise<LeftoversPreview>
  /** Instances whose code isn't the base application's current code; see `outdatedInstances`. */
  outdated(): Promise<string[]>
  /** What a rebuild would change and keep. */
  reviewRebuild(name: string, signal?: AbortSignal): Promise<RebuildReview>
  /** What differs between several that are to be rebuilt. */
  reviewFleet(names: readonly string[], signal?: AbortSignal): Promise<FleetMember[]>
  /** What a schema change would do to an instance's database; see `rehearseSchema`. */
  rehearse(input: z.output<typeof rehearseInputSchema>, signal: AbortSignal): Promise<Rehearsal>
  /** What a rollback would do to the database. */
  wayBack(name: string): Promise<WayBack>
  /** Ends an instance's process that PM2 has lost. To keep the instance running, start it: PM2 replaces the process. */
  endLost(name: string): Promise<void>
}

/** The part that a command which only lists instances doesn't load. An engine that runs jobs loads it when it opens. */
export type InstancesWork = Omit<Instances, 'registry' | 'jobs'> & { readonly jobs: readonly AnyOperation[] }

export interface Others {
  readonly shared: InfrastructureRoom
  readonly schema: SchemaRoom
  readonly processes: Processes
  readonly releases: Releases
  readonly roster: Roster
  readonly trash: Trash
  readonly space: Space
}

export function instancesRoom(base: Base, operations: Operations, others: Others): Instances {
  let loading: Promise<InstancesWork> | undefined
  const work = (): Promise<InstancesWork> =>
    (loading ??= import('./work').then(it => it.instancesWork(base, operations, others)))
  return {
    registry: others.roster.registry,
    jobs: async () => (await work()).jobs,
    ports: {
      suggest: async () => (await work()).ports.suggest(),
      suggestFrom: async (first, count) => (await work()).ports.suggestFrom(first, count),
      check: async port => (await work()).ports.check(port),
    },
    checkName: async name => (await work()).checkName(name),
    checkRename: async input => (await work()).checkRename(input),
    checkCreations: async items => (await work()).checkCreations(items),
    takePassword: async operation => (await work()).takePassword(operation),
    bringUp: async () => (await work()).bringUp(),
    begin: async request => (await work()).begin(request),
    details: async name => (await work()).details(name),
    limits: async name => (await work()).limits(name),
    reach: async name => (await work()).reach(name),
    directors: async (name, signal) => (await work()).directors(name, signal),
    setBootTime: async input => (await work()).setBootTime(input),
    setLabels: async input => (await work()).setLabels(input),
    reveal: async (name, key) => (await work()).reveal(name, key),
    previewDelete: async (name, signal) => (await work()).previewDelete(name, signal),
    previewDeletions: async (names, signal) => (await work()).previewDeletions(names, signal),
    previewLeftovers: async (name, signal) => (await work()).previewLeftovers(name, signal),
    outdated: async () => (await work()).outdated(),
    reviewRebuild: async (name, signal) => (await work()).reviewRebuild(name, signal),
    reviewFleet: async (names, signal) => (await work()).reviewFleet(names, signal),
    rehearse: async (input, signal) => (await work()).rehearse(input, signal),
    wayBack: async name => (await work()).wayBack(name),
    endLost: async name => (await work()).endLost(name),
  }
}
