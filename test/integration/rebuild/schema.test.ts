/** Rebuilds to code with another schema: what they would do, the database changed with them or left, and the way back. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { first, schemaWorkspace, setVersion, type SchemaWorkspace } from '../../support/schema-base'
import { mustSucceed } from '../../support/workspace'

let workspace: SchemaWorkspace
let port: number
beforeAll(async () => {
  workspace = await schemaWorkspace()
  ;({ port } = mustSucceed(await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Ada', '1'), ('Bob', '2'), ('Eve', NULL)`)
})
afterAll(() => workspace?.remove())

const signal = new AbortController().signal
const copies = async (): Promise<string[]> =>
  (await workspace.sql<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE 'im_copy_%'")).map(
    it => it.name,
  )
const users = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/`)).json()

it('says what a change would do, without touching the database', async () => {
  const before = await users()
  const rehearse = workspace.services.instances.rehearse
  expect(await rehearse({ name: 'school', renames: [] }, signal)).toMatchObject({ class: 'none', drift: [] })
  await setVersion(workspace, { columns: 'id, name, mobile', fields: 'name String\n  mobile String?' })
  expect(await rehearse({ name: 'school', renames: [] }, signal)).toMatchObject({
    class: 'destructive',
    losses: [{ column: 'phone', count: 2, keys: ['1', '2'] }],
    candidates: [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }],
    rollback: { exact: true },
  })
  const renames = [{ kind: 'column', table: 'users', from: 'phone', to: 'mobile' }] as const
  expect(await rehearse({ name: 'school', renames: [...renames] }, signal)).toMatchObject({
    class: 'restrictive',
    losses: [],
  })
  await setVersion(workspace, first)
  expect(await users()).toEqual(before)
  expect(await copies()).toEqual([])
})
