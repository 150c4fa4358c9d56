/**
 * Rebuilds that change the schema, by command line and with real Prisma. On Podman where there is one: its containers
 * bring the tools by which the database is saved first.
 */
import { createReadStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { postgres } from '../../../src/main/infrastructure/services/postgres'
import { dumpOf } from '../../support/dump'
import { homeEnvironment } from '../../support/electron'
import { podmanForTests } from '../../support/podman/podman'
import { requires } from '../../support/requires'
import { schemaWorkspace, setVersion, type SchemaWorkspace } from '../../support/schema-base'
import { mustSucceed } from '../../support/workspace'
import { builtCli, commandsIn, type CliHome } from './cli'

const podman = await podmanForTests()
let workspace: SchemaWorkspace
let run: CliHome['run']
let port: number
/** The database at first, and with a renamed column. */
let before: string, renamed: string

/** Of a workspace that is open only meanwhile, since the commands open it. */
async function opened<T>(look: () => Promise<T>): Promise<T> {
  await workspace.open()
  try {
    return await look()
  } finally {
    await workspace.close()
  }
}
const dump = (): Promise<string> => opened(() => dumpOf(workspace, 'school_db'))
const users = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/`)).json()
const saved = (): string => join(workspace.root, 'instances/school/.previous/database.dump')

beforeAll(async () => {
  await builtCli()
  workspace = await schemaWorkspace('images' in podman ? { driver: 'podman', images: podman.images } : {})
  ;({ port } = mustSucceed(await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Ada', '1'), ('Bob', '2'), ('Eve', NULL)`)
  before = await dumpOf(workspace, 'school_db')
  await workspace.close()
  await mkdir(join(workspace.home, 'tmp'))
  ;({ run } = commandsIn(workspace.home, workspace.root, homeEnvironment(workspace.home)))
  await setVersion(workspace, { columns: 'id, name, mobile', fields: 'name String\n  mobile String?' })
})
afterAll(() => workspace?.remove())

it('--dry-run: what would be lost, what may have been renamed, and the SQL', async () => {
  const { exit, out } = await run('rebuild school --dry-run --push-schema')
  expect(exit).toBe(0)
  expect(out).toContain('This loses data:\n  Drops column “phone” of “users”: 2 values\n')
  expect(out).toContain('Renamed (--rename)? Column “phone” → “mobile” of “users”\n')
  expect(out).toMatch(/\nSQL:\n[^]*DROP COLUMN "phone"/)
  expect(out).not.toContain('`')
  const { data } = await run('rebuild school --dry-run --push-schema --rename users.phone=mobile --json')
  expect(data).toMatchObject({ reviews: [{ name: 'school' }], rehearsals: [{ losses: [], rollback: { exact: true } }] })
  expect(await dump()).toBe(before)
})

it('what would be lost is refused, as are answers to a question that isn’t asked', async () => {
  const refused = await run('rebuild school --push-schema --json')
  expect(refused).toMatchObject({ exit: 1, data: [{ name: 'school', problem: { code: 'schema-loss' } }] })
  expect((await run('rebuild school --rename users.phone=mobile')).exit).toBe(2)
  expect(await dump()).toBe(before)
})

it('--rename: nothing is lost, and what was done is told', async () => {
  const { exit, out } = await run('rebuild school --push-schema --rename users.phone=mobile')
  expect(exit).toBe(0)
  expect(out).toContain('Renames column “phone” → “mobile” of “users”.\n')
  expect(out).toContain('The database’s schema was moved forward.\n')
  expect(await users()).toMatchObject([{ mobile: '1' }, { mobile: '2' }, { mobile: null }])
  renamed = await dump()
})

it('on Podman, the database as it was is beside the old code, whole', async context => {
  requires(context, 'images' in podman, 'missing' in podman ? podman.missing : '')
  expect((await stat(saved())).mode & 0o777).toBe(0o600)
  await opened(async () => {
    await workspace.sql('CREATE DATABASE restored TEMPLATE template0')
    const { tool } = await workspace.services.infrastructure.driver()
    const options = { input: createReadStream(saved()), signal: AbortSignal.timeout(60_000), timeout: 60_000 }
    const restore = await tool?.(postgres, 'pg_restore', ['--exit-on-error', '--dbname=restored'], options)
    restore?.stdout.resume()
    await restore?.ended
    expect(await dumpOf(workspace, 'restored')).toBe(before)
  })
})

it('--fix and --accept-data-loss: rows that don’t fit are made to', async () => {
  await setVersion(workspace, { columns: 'id, name, mobile', fields: 'name String\n  mobile String\n  note String?' })
  const refused = await run('rebuild school --push-schema --json')
  expect(refused).toMatchObject({ exit: 1, data: [{ problem: { code: 'schema-refused' } }] })
  expect(await dump()).toBe(renamed)
  const fix = "UPDATE users SET mobile = 'none' WHERE mobile IS NULL"
  const { exit, out } = await run(`rebuild school --push-schema --accept-data-loss --fix "${fix}"`)
  expect(exit).toBe(0)
  expect(out).toContain(`Your statement:\n    ${fix}\n`)
  expect(await users()).toMatchObject([{ mobile: '1' }, { mobile: '2' }, { mobile: 'none' }])
})

it('rollback --dry-run: which rows don’t come back as they were, without markup', async () => {
  const changed = await dump()
  const { exit, out } = await run('rollback school --dry-run')
  expect(exit).toBe(0)
  expect(out).toContain('The database’s schema is changed back too.')
  expect(out).toContain('\nWhat to expect:\n')
  expect(out).toContain(
    '  Values of the new column “note” of “users” are kept aside; the old code doesn’t show them.\n',
  )
  expect(out).not.toContain('`')
  expect((await run('rollback school --dry-run --json')).data).toMatchObject({ schema: { to: 'old' } })
  expect(await dump()).toBe(changed)
})

it('rollback: the old code with the old schema', async () => {
  const { exit, out } = await run('rollback school')
  expect(exit).toBe(0)
  expect(out).toContain('The database’s schema was moved backward.\n')
  expect(await dump()).toBe(renamed)
})
