/** Operations: current and past ones, and decisions about open ones. */
import { z } from 'zod'
import { startRequestSchema } from '../../shared/jobs'
import { router, workspaceProcedure } from './trpc'

const id = z.object({ id: z.string().max(100) })

export const operationsRouter = router({
  /** Starts a job: its kind, and its input beside it. */
  start: workspaceProcedure
    .input(startRequestSchema)
    .mutation(async ({ ctx: { workspace }, input }) => ({ id: await workspace.instances.begin(input) })),
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.operations.watch(signal ?? new AbortController().signal),
  ),
  list: workspaceProcedure.query(
    ({
      ctx: {
        workspace: { operations },
      },
    }) => ({ operations: operations.list(), unreadable: operations.unreadable() }),
  ),
  output: workspaceProcedure.input(id).query(({ ctx: { workspace }, input }) => workspace.operations.output(input.id)),
  cancel: workspaceProcedure
    .input(id)
    .mutation(({ ctx: { workspace }, input }) => workspace.operations.cancel(input.id)),
  retry: workspaceProcedure.input(id).mutation(({ ctx: { workspace }, input }) => workspace.operations.retry(input.id)),
  rollBack: workspaceProcedure
    .input(id)
    .mutation(({ ctx: { workspace }, input }) => workspace.operations.rollBack(input.id)),
  /** Abandons a refused journal. */
  abandon: workspaceProcedure
    .input(id)
    .mutation(({ ctx: { workspace }, input }) => workspace.operations.abandon(input.id)),
  /** Creations whose director's password nobody has been shown yet, by id. */
  watchUnseen: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.operations.watchUnseen(signal ?? new AbortController().signal),
  ),
  /** The new director's password, once. */
  takePassword: workspaceProcedure
    .input(id)
    .mutation(async ({ ctx: { workspace }, input }) => (await workspace.instances.takePassword(input.id)) ?? null),
})
