/** Instances: the live list, the wizard's queries, and details of one. */
import { z } from 'zod'
import { bootTimeInputSchema, labelsInputSchema, nameSchema, portSchema } from '../../shared/instance'
import { batchLimit } from '../../shared/jobs/batch'
import { renameJob } from '../../shared/jobs/rename'
import { namedSchema } from '../../shared/jobs/target'
import { router, workspaceProcedure } from './trpc'

export const instancesRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.instances.registry.watch(signal ?? new AbortController().signal),
  ),
  recentUsage: workspaceProcedure
    .input(z.object({ limit: z.int().min(1).max(720) }))
    .query(({ ctx: { workspace }, input }) => workspace.instances.registry.recentUsage(input.limit)),
  watchUsage: workspaceProcedure
    .input(namedSchema)
    .subscription(({ ctx: { workspace }, input, signal }) =>
      workspace.instances.registry.watchUsage(input.name, signal ?? new AbortController().signal),
    ),
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.instances.registry.list()),
  checkName: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input }) => workspace.instances.checkName(input.name)),
  checkRename: workspaceProcedure
    .input(renameJob.input)
    .query(({ ctx: { workspace }, input }) => workspace.instances.checkRename(input)),
  suggestPort: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.instances.ports.suggest()),
  suggestPorts: workspaceProcedure
    .input(z.object({ from: portSchema, count: z.int().min(1).max(batchLimit) }))
    .query(({ ctx: { workspace }, input }) => workspace.instances.ports.suggestFrom(input.from, input.count)),
  checkCreations: workspaceProcedure
    .input(z.array(z.object({ name: nameSchema, port: portSchema.optional() })).max(batchLimit))
    .query(({ ctx: { workspace }, input }) => workspace.instances.checkCreations(input)),
  checkPort: workspaceProcedure
    .input(z.object({ port: portSchema }))
    .query(({ ctx: { workspace }, input }) => workspace.instances.ports.check(input.port)),
  previewLeftovers: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.previewLeftovers(input.name, signal)),
  details: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input }) => workspace.instances.details(input.name)),
  limits: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input }) => workspace.instances.limits(input.name)),
  reach: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input }) => workspace.instances.reach(input.name)),
  directors: workspaceProcedure
    .input(namedSchema)
    .query(
      async ({ ctx: { workspace }, input, signal }) =>
        (await workspace.instances.directors(input.name, signal)) ?? null,
    ),
  setBootTime: workspaceProcedure
    .input(bootTimeInputSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.instances.setBootTime(input)),
  setLabels: workspaceProcedure
    .input(labelsInputSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.instances.setLabels(input)),
  reveal: workspaceProcedure
    .input(namedSchema.extend({ key: z.string().max(200) }))
    .mutation(({ ctx: { workspace }, input }) => workspace.instances.reveal(input.name, input.key)),
  previewDelete: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.previewDelete(input.name, signal)),
  previewDeletions: workspaceProcedure
    .input(z.object({ names: z.array(nameSchema).max(batchLimit) }))
    .query(({ ctx: { workspace }, input, signal }) => workspace.instances.previewDeletions(input.names, signal)),
  unfitToRestart: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.instances.unfitToRestart()),
  endLost: workspaceProcedure
    .input(namedSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.instances.endLost(input.name)),
})
