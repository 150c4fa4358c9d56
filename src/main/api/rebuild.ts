/** Rebuilding: what the operator sees before it begins. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { rehearseInputSchema } from '../../shared/jobs/rebuild'
import { namedSchema } from '../../shared/jobs/target'
import { router, workspaceProcedure } from './trpc'

export const rebuildRouter = router({
  /** Instances whose code isn't the base application's current code. */
  outdated: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.instances.outdated()),
  review: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.reviewRebuild(input.name, signal)),
  /** Of several: what differs between them. */
  fleet: workspaceProcedure
    .input(z.object({ names: z.array(nameSchema).min(1).max(1000) }))
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.reviewFleet(input.names, signal)),
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
