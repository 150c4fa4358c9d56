/** Starting after a reboot. */
import { z } from 'zod'
import { router, workspaceProcedure } from './trpc'

export const autostartRouter = router({
  status: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.autostart.status()),
  /** Turns it on (or sets it up again) or off. */
  change: workspaceProcedure
    .input(z.object({ on: z.boolean() }))
    .mutation(({ ctx: { workspace }, input }) => workspace.autostart.change(input.on)),
})
