/**
 * Space on the disk: how much is free, what can be freed, and freeing it. No operation: a full disk takes no journal.
 */
import { freeInputSchema } from '../../shared/space'
import { router, workspaceProcedure } from './trpc'

export const spaceRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.space.watch(signal ?? new AbortController().signal),
  ),
  report: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.space.report()),
  free: workspaceProcedure
    .input(freeInputSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.space.free(input.what)),
})
