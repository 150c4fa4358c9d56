/** The prepared releases: what they take, who uses them, and removing the others. */
import { router, workspaceProcedure } from './trpc'

export const releasesRouter = router({
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.releases.list()),
  prune: workspaceProcedure.mutation(({ ctx: { workspace } }) => workspace.releases.prune('unused')),
})
