/** The health report. */
import { nameSchema } from '../../shared/instance'
import { z } from 'zod'
import { router, workspaceProcedure } from './trpc'

export const doctorRouter = router({
  /** Findings as they are made; ends after the last one. Unsubscribing stops it. */
  examine: workspaceProcedure
    .input(z.object({ name: nameSchema.optional() }))
    .subscription(({ ctx: { workspace }, input, signal = workspace.signal }) =>
      workspace.doctor.examine(input.name, AbortSignal.any([signal, workspace.signal])),
    ),
  /** For whoever helps: a text without secrets. */
  diagnostics: workspaceProcedure.query(({ ctx: { workspace }, signal = workspace.signal }) =>
    workspace.doctor.diagnostics(AbortSignal.any([signal, workspace.signal])),
  ),
})
