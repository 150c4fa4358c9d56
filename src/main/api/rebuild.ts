/** Rebuilding an instance: what an operator sees before it begins. */
import { namedSchema } from '../../shared/jobs/target'
import { router, workspaceProcedure } from './trpc'

export const rebuildRouter = router({
  review: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.reviewRebuild(input.name, signal)),
})
