/** The one list of jobs; those on an instance in the order in which its menu offers them. */
import { z } from 'zod'
import { createJobs } from './create'
import { deleteJobs } from './delete'
import { infrastructureJobs } from './infrastructure'
import type { AnyJob } from './job'
import { lifecycleJobs } from './lifecycle'
import { manyJob } from './many'

export const jobs = [...createJobs, ...lifecycleJobs, ...deleteJobs, manyJob, ...infrastructureJobs] as const

export type KnownJob = (typeof jobs)[number]

/** Undefined: a journal of another version may name a job that is not known here. */
export const jobOf = (kind: string): AnyJob | undefined => byKind.get(kind)
const byKind = new Map<string, AnyJob>(jobs.map(it => [it.kind, it]))

/** What starts a job: its kind, and its input beside it. */
export type StartRequest<Known extends KnownJob = KnownJob> = Known extends KnownJob
  ? { readonly kind: Known['kind'] } & (keyof Known['input']['shape'] extends never ? unknown : z.input<Known['input']>)
  : never

/**
 * A request as the router takes it. Its type can't be inferred from a mapped list, so it is told.
 * @throws ZodError that names the field
 */
export const startRequestSchema = z.discriminatedUnion(
  'kind',
  jobs.map(it => it.input.extend({ kind: z.literal(it.kind) })) as never,
) as unknown as z.ZodType<StartRequest, StartRequest>
