/** The tables of an instance's database, read-only. */
import { namedSchema } from '../../shared/jobs/target'
import { pageSchema, valueSchema } from '../../shared/tables'
import { router, workspaceProcedure } from './trpc'

export const tablesRouter = router({
  list: workspaceProcedure
    .input(namedSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.tables.list(input.name, signal)),
  page: workspaceProcedure
    .input(pageSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.tables.page(input, signal)),
  value: workspaceProcedure
    .input(valueSchema)
    .query(({ ctx: { workspace }, input, signal }) => workspace.tables.value(input, signal)),
})
