/** Shells in the instances' folders: opened by a subscription, whose end hangs them up. */
import { openShellSchema, readSchema, resizeSchema, typeSchema } from '../../shared/terminal'
import { router, workspaceProcedure } from './trpc'

export const terminalRouter = router({
  open: workspaceProcedure
    .input(openShellSchema)
    .subscription(({ ctx: { workspace, session }, input, signal }) =>
      workspace.terminals.open(input, session, signal ?? new AbortController().signal),
    ),
  type: workspaceProcedure
    .input(typeSchema)
    .mutation(({ ctx: { workspace, session }, input }) => workspace.terminals.type(input.id, input.text, session)),
  resize: workspaceProcedure
    .input(resizeSchema)
    .mutation(({ ctx: { workspace, session }, input: { id, ...size } }) =>
      workspace.terminals.resize(id, size, session),
    ),
  /** So much of the output has been drawn. */
  read: workspaceProcedure
    .input(readSchema)
    .mutation(({ ctx: { workspace, session }, input }) =>
      workspace.terminals.read(input.id, input.characters, session),
    ),
})
