/** The one list of jobs. */
import { z } from 'zod'
import { adoptJob, createJob } from './create'
import { deleteJob, leftoversJob } from './delete'
import { infrastructureStartJob, infrastructureStopJob } from './infrastructure'
import type { AnyJob } from './job'
import { changePortJob, isolateJob, restartJob, startJob, stopJob, unisolateJob } from './lifecycle'
import { manyJob } from './many'

/** Those of an instance in the order in which its menu offers them. */
export const jobs = [
  createJob,
  startJob,
  restartJob,
  stopJob,
  adoptJob,
  changePortJob,
  isolateJob,
  unisolateJob,
  deleteJob,
  leftoversJob,
  manyJob,
  infrastructureStartJob,
  infrastructureStopJob,
] as const

export type KnownJob = (typeof jobs)[number]

/** Undefined: a journal of another version may name a job that is not known here. */
export const jobOf = (kind: string): AnyJob | undefined => byKind.get(kind)
const byKind = new Map<string, AnyJob>(jobs.map(it => [it.kind, it]))

/** What starts a job: its kind, and its input beside it. */
export type StartRequest<Known extends KnownJob = KnownJob> = Known extends KnownJob
  ? { readonly kind: Known['kind'] } & (keyof Known['input']['shape'] extends never ? unknown : z.input<Known['input']>)
  : never

/** A request as the router takes it. @throws ZodError that names the field */
export const startRequestSchema = z.discriminatedUnion(
  'kind',
  jobs.map(it => it.input.extend({ kind: z.literal(it.kind) })) as never,
) as unknown as z.ZodType<StartRequest, StartRequest>
