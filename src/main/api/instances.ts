/** Instances: the live list, what the wizard asks, and creation. */
import { z } from 'zod'
import { createInputSchema, nameSchema, portSchema } from '../../shared/instance'
import { router, workspaceProcedure } from './trpc'

export const instancesRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) => workspace.registry.watch(signal ?? new AbortController().signal)),
  checkName: workspaceProcedure.input(z.object({ name: nameSchema })).query(({ ctx: { workspace }, input }) => workspace.checkName(input.name)),
  suggestPort: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.ports.suggest()),
  checkPort: workspaceProcedure.input(z.object({ port: portSchema })).query(({ ctx: { workspace }, input }) => workspace.ports.check(input.port)),
  create: workspaceProcedure.input(createInputSchema)
    .mutation(async ({ ctx: { workspace }, input }) => ({ id: await workspace.operations.start('create', input) })),
})
