/** Maintenance of the instances' databases: when it begins, and what it would do. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { router, workspaceProcedure } from './trpc'

export const maintenanceRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal = workspace.signal }) =>
    workspace.maintenance.watch(AbortSignal.any([signal, workspace.signal])),
  ),
  /** Without names: of all instances. */
  review: workspaceProcedure
    .input(z.object({ names: z.array(nameSchema).max(1000).optional() }))
    .query(({ ctx: { workspace }, input, signal = workspace.signal }) =>
      workspace.maintenance.review(input.names, AbortSignal.any([signal, workspace.signal])),
    ),
})
