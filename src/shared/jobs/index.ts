/** The list of all jobs. Jobs on an instance are in the order of its menu. */
import { z } from 'zod'
import type { KnownInstances } from '../instance'
import { things } from '../things'
import { createJobs, createManyJob } from './create'
import { deleteJobs, deleteManyJob } from './delete'
import { environmentJob, environmentManyJob } from './environment'
import { directorJob } from './director'
import { fleetJob } from './fleet'
import { hardenJob } from './harden'
import { loadImagesJob, refreshImagesJob } from './images'
import { infrastructureJobs } from './infrastructure'
import type { AnyJob } from './job'
import { isolateJob, isolationJobs, unisolateJob } from './isolation'
import { lifecycleJobs } from './lifecycle'
import { limitsJob } from './limits'
import { maintainJob, maintenanceJob } from './maintenance'
import { manyJob } from './many'
import { fixJob } from './fix'
import { moveJob, removeFormerJob } from './move'
import { changePortManyJob } from './ports'
import { processManagerJob } from './process-manager'
import { rebuildJobs } from './rebuild'
import { renameJob } from './rename'
import { seamlessJob, seamlessJobs, unseamlessJob } from './seamless'
import { smokeJob } from './smoke'

export const jobs = [
  ...createJobs,
  ...rebuildJobs,
  ...lifecycleJobs,
  ...isolationJobs,
  smokeJob,
  ...seamlessJobs,
  environmentJob,
  limitsJob,
  directorJob,
  renameJob,
  ...deleteJobs,
  fixJob,
  manyJob,
  fleetJob,
  createManyJob,
  changePortManyJob,
  environmentManyJob,
  deleteManyJob,
  ...infrastructureJobs,
  loadImagesJob,
  refreshImagesJob,
  hardenJob,
  maintainJob,
  maintenanceJob,
  moveJob,
  removeFormerJob,
  processManagerJob,
] as const

/** Jobs that only need a name: the command line generates their commands from their descriptors. */
export const simpleJobs = [smokeJob, isolateJob, unisolateJob, seamlessJob, unseamlessJob] as const
export type SimpleKind = (typeof simpleJobs)[number]['kind']

export type KnownJob = (typeof jobs)[number]

/** Undefined if unknown: another version's journal may name a job that doesn't exist here. */
export const jobOf = (kind: string): AnyJob | undefined => byKind.get(kind)
const byKind = new Map<string, AnyJob>(jobs.map(it => [it.kind, it]))

/** Starts a job: its kind plus the fields of its input. `typed`: the
 * names of protected instances, separated by commas, as confirmation. */
export type StartRequest<Known extends KnownJob = KnownJob> = Known extends KnownJob
  ? { readonly kind: Known['kind']; readonly typed?: string | undefined } & (keyof Known['input']['shape'] extends never
      ? unknown
      : z.input<Known['input']>)
  : never

/**
 * A request as the router accepts it. The type can't be inferred from a mapped list, hence the casts.
 * @throws ZodError naming the field
 */
export const startRequestSchema = z.discriminatedUnion(
  'kind',
  jobs.map(it => it.input.extend({ kind: z.literal(it.kind), typed: z.string().max(10_000).optional() })) as never,
) as unknown as z.ZodType<StartRequest, StartRequest>

/** The protected instances that a request may only touch once their names were typed. */
export function guardedNames(request: StartRequest, known: KnownInstances): readonly string[] {
  const guarded = new Set(jobOf(request.kind)?.guards?.(request, known).map(things.instance))
  return known.instances.filter(it => it.protected && guarded.has(things.instance(it.name))).map(it => it.name)
}
