/**
 * Disk space: how much is free, what can be freed, and freeing it. Not an operation: a full disk has no room for a
 * journal.
 */
import { z } from 'zod'
import { freeables } from '../../shared/space'
import { router, workspaceProcedure } from './trpc'

export const spaceRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.space.watch(signal ?? new AbortController().signal),
  ),
  report: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.space.report()),
  machine: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.machine.completeUse()),
  watchMachine: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.machine.watch(signal ?? new AbortController().signal),
  ),
  free: workspaceProcedure
    .input(z.object({ what: z.array(z.enum(freeables)).min(1) }))
    .mutation(({ ctx: { workspace }, input }) => workspace.space.free(input.what)),
})
