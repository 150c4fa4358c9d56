/** The shared PostgreSQL and PgBouncer. */
import { z } from 'zod'
import { endSessionSchema } from '../../shared/database-activity-schema'
import { driverKinds } from '../../shared/infrastructure'
import { moveJob } from '../../shared/jobs/move'
import { nameSchema } from '../../shared/instance'
import { router, workspaceProcedure } from './trpc'

export const infrastructureRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.infrastructure.watch(signal ?? new AbortController().signal),
  ),
  status: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.infrastructure.status()),
  details: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.infrastructure.details.look()),
  watchDetails: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.infrastructure.details.watch(signal ?? new AbortController().signal),
  ),
  activity: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.infrastructure.activity.look()),
  watchActivity: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.infrastructure.activity.watch(signal ?? new AbortController().signal),
  ),
  /** Ends a query, or a connection with its transaction, if it is still the one that was shown. */
  endSession: workspaceProcedure
    .input(endSessionSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.infrastructure.activity.end(input.session, input.how)),
  /** The tables of an instance's database with the most dead rows. */
  tables: workspaceProcedure
    .input(z.object({ name: nameSchema }))
    .query(({ ctx: { workspace }, input }) => workspace.infrastructure.activity.tables(input.name)),
  options: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.infrastructure.options()),
  machine: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.infrastructure.machine()),
  choose: workspaceProcedure
    .input(z.object({ kind: z.enum(driverKinds) }))
    .mutation(({ ctx: { workspace }, input }) => workspace.infrastructure.choose(input.kind)),
  /** What hardening would change and cost, and why it can’t be done yet. */
  reviewHardening: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.hardening.review()),
  /** What moving PostgreSQL to another driver would do and cost, and why it can’t be done yet. */
  reviewMove: workspaceProcedure
    .input(moveJob.input)
    .query(({ ctx: { workspace }, input }) => workspace.moving.review(input)),
  /** Starts whatever isn't running. @returns the operation that does it; without an id if both are running */
  bringUp: workspaceProcedure.mutation(async ({ ctx: { workspace } }) => ({ id: await workspace.instances.bringUp() })),
})
