/** Saved views of the list of instances. */
import { savedViewSchema } from '../../shared/saved-views'
import { router, workspaceProcedure } from './trpc'

export const viewsRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal = new AbortController().signal }) =>
    workspace.views.watch(AbortSignal.any([signal, workspace.signal])),
  ),
  /** Replaces a view of that name. */
  save: workspaceProcedure
    .input(savedViewSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.views.save(input)),
  remove: workspaceProcedure
    .input(savedViewSchema.pick({ name: true }))
    .mutation(({ ctx: { workspace }, input }) => workspace.views.remove(input.name)),
})
