/** Instances: the live list, what the wizard asks, and the jobs on them. Every job answers with its operation's id. */
import { z } from 'zod'
import { adoptInputSchema, createInputSchema, nameSchema, portSchema } from '../../shared/instance'
import { manyInputSchema } from '../../shared/many'
import { bootTimeInputSchema } from '../instances/boot-time'
import { changePortInputSchema } from '../instances/change-port'
import { deleteInputSchema } from '../instances/delete'
import { leftoversInputSchema } from '../instances/leftovers'
import { startInputSchema } from '../instances/start'
import { stopInputSchema } from '../instances/stop'
import { isolateInputSchema } from '../instances/system-user/isolate'
import { router, workspaceProcedure } from './trpc'

const named = z.object({ name: nameSchema })

/** An operation of this kind, asked for with this input. */
const job = <Input extends z.ZodType>(kind: string, input: Input) =>
  workspaceProcedure
    .input(input)
    .mutation(async ({ ctx: { workspace }, input: given }) => ({ id: await workspace.operations.start(kind, given) }))

/** As `job`, once the infrastructure runs that it needs. */
const jobWithDatabase = <Input extends z.ZodType<{ readonly name: string }>>(kind: string, input: Input) =>
  workspaceProcedure.input(input).mutation(async ({ ctx: { workspace }, input: given }) => {
    await workspace.bringUpFor([given.name])
    return { id: await workspace.operations.start(kind, given) }
  })

export const instancesRouter = router({
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal }) =>
    workspace.registry.watch(signal ?? new AbortController().signal),
  ),
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.registry.list()),
  checkName: workspaceProcedure
    .input(z.object({ name: nameSchema }))
    .query(({ ctx: { workspace }, input }) => workspace.checkName(input.name)),
  suggestPort: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.ports.suggest()),
  checkPort: workspaceProcedure
    .input(z.object({ port: portSchema }))
    .query(({ ctx: { workspace }, input }) => workspace.ports.check(input.port)),
  create: job('create', createInputSchema),
  start: jobWithDatabase('start', startInputSchema),
  adopt: job('adopt', adoptInputSchema),
  stop: job('stop', stopInputSchema),
  restart: jobWithDatabase('restart', stopInputSchema),
  changePort: job('change-port', changePortInputSchema),
  delete: job('delete', deleteInputSchema),
  isolate: job('isolate', isolateInputSchema),
  unisolate: job('unisolate', isolateInputSchema),
  removeLeftovers: job('remove-leftovers', leftoversInputSchema),
  previewLeftovers: workspaceProcedure
    .input(named)
    .query(({ ctx: { workspace }, input, signal }) => workspace.previewLeftovers(input.name, signal)),
  many: job('many', manyInputSchema),
  details: workspaceProcedure.input(named).query(({ ctx: { workspace }, input }) => workspace.details(input.name)),
  setBootTime: workspaceProcedure
    .input(bootTimeInputSchema)
    .mutation(({ ctx: { workspace }, input }) => workspace.setBootTime(input)),
  reveal: workspaceProcedure
    .input(named.extend({ key: z.string().max(200) }))
    .mutation(({ ctx: { workspace }, input }) => workspace.reveal(input.name, input.key)),
  previewDelete: workspaceProcedure
    .input(named)
    .query(({ ctx: { workspace }, input, signal }) => workspace.previewDelete(input.name, signal)),
  endLost: workspaceProcedure.input(named).mutation(({ ctx: { workspace }, input }) => workspace.endLost(input.name)),
})
