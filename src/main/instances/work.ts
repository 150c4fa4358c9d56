/** What is done with instances: the jobs, and what is asked before one. */
import type { z } from 'zod'
import { serviceNames, serviceTitle } from '../../shared/infrastructure'
import {
  databaseNames,
  type bootTimeInputSchema,
  type InstanceDetails,
  type InstanceReach,
  type labelsInputSchema,
} from '../../shared/instance'
import type { StartRequest } from '../../shared/jobs'
import type { rehearseInputSchema } from '../../shared/jobs/rebuild'
import type { renameJob } from '../../shared/jobs/rename'
import type { InstanceLimits } from '../../shared/limits'
import type { PortCheck } from '../../shared/ports'
import { toProblem, type Problem } from '../../shared/problem'
import type { FleetMember, RebuildReview } from '../../shared/rebuild-review'
import type { DeletePreview, LeftoversPreview } from '../../shared/removal'
import type { Rehearsal, WayBack } from '../../shared/schema'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Processes } from '../processes/client'
import type { Releases } from '../releases/releases'
import type { SchemaRoom } from '../schema/room'
import { Schemas } from '../schema/schemas'
import { mapLimited } from '../system/map-limited'
import { portFree, portHolders } from '../system/sockets'
import { readManifest } from '../workspace/base'
import type { Base } from '../workspace/opened'
import { adoption } from './adopt'
import { setBootTime } from './boot-time'
import { BringUp, startJobOn } from './bring-up'
import { portChange, portChanges } from './change-port'
import { creation, creations } from './create'
import { checkCreations, type CreationFaults } from './create/check'
import { takePassword } from './create/password'
import { requireFreeName } from './create/plan'
import { deletion, deletions } from './delete'
import { instanceDetails, previewDelete, revealValue } from './details'
import { directorChange, directors } from './director'
import type { Account } from './director/script'
import { environmentChange } from './environment'
import { environmentChanges } from './environment-many'
import { fleetRebuilding, outdatedInstances } from './fleet'
import { setLabels } from './labels'
import { leftoverRemoval, previewLeftovers } from './leftovers'
import { withNodeFit } from './lifecycle/node-fit'
import { instancePorts } from './lifecycle/target'
import { instanceLimits, limitChange } from './limits'
import { bulkJob } from './many'
import { checkPort, choosePort, choosePorts, type PortKnowledge } from './ports'
import { processManagerRestart, unfitToRestart } from './process-manager'
import { instanceReach } from './reach'
import { rebuilding } from './rebuild'
import { reviewRebuild } from './rebuild/review'
import { reviewFleet } from './rebuild/review-fleet'
import { rehearseSchema } from './rebuild/schema'
import { wayBack } from './rebuild/way-back'
import { planRename, renaming } from './rename'
import { restarting } from './restart'
import { rollback } from './rollback'
import type { Roster } from './roster'
import { seamless, unseamless } from './seamless'
import { smokeTesting } from './smoke'
import type { Space } from './space'
import { starting } from './start'
import { endLost, stopping } from './stop'
import { endOfIsolation, isolation } from './system-user/isolate'
import type { Trash } from './trash'

/** All that is done with instances, besides listing them. */
export interface InstancesWork {
  readonly jobs: readonly AnyOperation[]
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
  /** Those that run and must be rebuilt before they are restarted, as another Node.js is used by now. */
  unfitToRestart(): Promise<string[]>
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

/** What it uses of other rooms. */
export interface Others {
  readonly shared: InfrastructureRoom
  readonly schema: SchemaRoom
  readonly processes: Processes
  readonly releases: Releases
  readonly roster: Roster
  readonly trash: Trash
  readonly space: Space
}

export async function instancesWork(base: Base, operations: Operations, others: Others): Promise<InstancesWork> {
  const { paths, settings, place } = base
  const { processes } = others
  const { infrastructure, databases } = others.shared
  const { registry, configs } = others.roster
  const knowledge: PortKnowledge = {
    own: async () => {
      const { ports } = await settings.read()
      const pages = place.served ? [{ title: 'Instance Manager', port: place.served.status().port }] : []
      return [...serviceNames.map(it => ({ title: serviceTitle[it], port: ports[it] })), ...pages]
    },
    instances: () => instancePorts({ paths, configs, processes }),
    reservations: async () =>
      [...operations.held('port')].map(([port, { subject }]) => ({ subject, port: Number(port) })),
    portFree,
    portHolders,
  }
  const ports = {
    suggest: async () => choosePort((await settings.read()).ports.firstInstance, knowledge),
    suggestFrom: (first: number, many: number) => choosePorts(first, many, knowledge),
    check: (port: number) => checkPort(port, knowledge),
  }
  const copies = await others.schema.copies()
  const services = {
    ...base,
    ...others.roster,
    copies,
    schemas: new Schemas(copies),
    ...others,
    infrastructure,
    databases,
    ports,
    directorScript: place.product.directorScript,
    copyOf: base.identity.copyOf,
    operations,
  }
  const bringUp = new BringUp({ operations, infrastructure })
  const bringUpFor = async (names: readonly string[]): Promise<void> => {
    const found = (await configs()).configs
    if (found.some(it => names.includes(it.name))) await bringUp.require()
  }
  return {
    jobs: [
      creation(services),
      starting(services),
      stopping(services),
      restarting(services),
      rebuilding({ ...services, bringUpFor }),
      rollback({ ...services, bringUpFor }),
      smokeTesting(services),
      deletion(services),
      limitChange(services),
      directorChange(services),
      adoption(services),
      leftoverRemoval(services),
      bulkJob({ operations, bringUpFor }),
      fleetRebuilding({ ...services, bringUpFor }),
      processManagerRestart({ ...services, bringUpFor }),
      creations(services),
      portChanges(services),
      environmentChanges(services),
      deletions(services),
      ...[
        portChange(services),
        renaming(services),
        environmentChange({ ...services, bringUpFor }),
        seamless(services),
        unseamless(services),
        isolation(services),
        endOfIsolation(services),
      ].map(it => withNodeFit(services, it)),
    ],
    ports,
    async checkName(name) {
      try {
        await requireFreeName({ configs, processes }, name, await readManifest(paths.root))
        return { database: databaseNames(name).database }
      } catch (error) {
        return { problem: toProblem(error) }
      }
    },
    checkRename: input =>
      planRename(services, input).then(
        () => ({}),
        (error: unknown) => ({ problem: toProblem(error) }),
      ),
    checkCreations: items => checkCreations(services, items),
    takePassword: operation => takePassword(operations, operation),
    bringUp: () => bringUp.start(),
    begin: request => startJobOn({ operations, bringUpFor, list: () => registry.glance() }, request),
    details: name => instanceDetails(services, name),
    limits: name => instanceLimits(services, name),
    reach: name => instanceReach(services, name),
    directors: (name, signal) => directors(services, name, signal),
    async setBootTime(input) {
      await setBootTime(services, input)
      registry.poke()
    },
    async setLabels(input) {
      await setLabels(services, input)
      registry.poke()
    },
    reveal: (name, key) => revealValue(services, name, key),
    previewDelete: (name, signal) => previewDelete(services, name, signal),
    previewDeletions: (names, signal) => mapLimited(names, 4, name => previewDelete(services, name, signal)),
    previewLeftovers: (name, signal) => previewLeftovers(services, name, signal),
    outdated: () => outdatedInstances(services),
    unfitToRestart: () => unfitToRestart({ ...services, bringUpFor }),
    reviewRebuild: (name, signal) => reviewRebuild(services, name, signal),
    reviewFleet: (names, signal) => reviewFleet(services, names, signal),
    wayBack: name => wayBack(services, name),
    rehearse: (input, signal) => rehearseSchema(services, input, signal),
    endLost: name => endLost(operations, name),
  }
}
