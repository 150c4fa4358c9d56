/** Prepared releases: how much space they take, who uses them, and removing the unused ones. */
import { router, workspaceProcedure } from './trpc'

export const releasesRouter = router({
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.releases.list()),
  prune: workspaceProcedure.mutation(({ ctx: { workspace } }) => workspace.releases.prune('unused')),
})
