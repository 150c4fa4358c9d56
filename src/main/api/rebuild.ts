/** Rebuilding: what the operator sees before it begins. */
import { rehearseInputSchema } from '../../shared/jobs/rebuild'
import { namedSchema } from '../../shared/jobs/target'
import { router, workspaceProcedure } from './trpc'

export const rebuildRouter = router({
  /** Instances whose code is older than the base application's current code. */
  outdated: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.instances.outdated()),
  review: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.reviewRebuild(input.name, signal)),
  wayBack: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input }) => workspace.instances.wayBack(input.name)),
  /** Takes seconds; stopped once nobody is waiting for it. */
  rehearse: workspaceProcedure
    .input(rehearseInputSchema)
    .query(({ ctx: { workspace }, input, signal = workspace.signal }) =>
      workspace.instances.rehearse(input, AbortSignal.any([signal, workspace.signal])),
    ),
})
