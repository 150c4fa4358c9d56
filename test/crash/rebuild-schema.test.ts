/**
 * Rebuilds and rollbacks that change the database's schema, killed with -9 at each line of the journal from the
 * rehearsal on (the lines before are those of every rebuild, see rebuild.test.ts), and at each line of the undo. One
 * operation is killed at all of its lines in turn: from each of them it goes on to the next. What comes of it is the
 * new code with the new schema, or the old code with the old one, and all rows.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { OperationState } from '../../src/shared/operation'
import { dumpOf } from '../support/dump'
import type { Moment } from '../support/faults'
import { schemaWorkspace, setVersion, type SchemaWorkspace, type Version } from '../support/schema-base'
import { mustSucceed, until } from '../support/workspace'
import { crash, moments, recover } from './crash'

let workspace: SchemaWorkspace
let port: number
/** Before the schema changes, and after it has changed without being disturbed. */
let before: Awaited<ReturnType<typeof look>>, after: Awaited<ReturnType<typeof look>>
/** The step is left out where there is no pg_dump. */
let saves: boolean

const push = { name: 'school', schema: { acceptLoss: true } }
const phoneless: Version = { columns: 'id, name, note', fields: 'name String\n  note String?' }
const old = [
  { id: 1, name: 'Ada', phone: '1' },
  { id: 2, name: 'Bob', phone: '2' },
  { id: 3, name: 'Eve', phone: null },
]

beforeAll(async () => {
  workspace = await schemaWorkspace()
  saves = (await workspace.services.infrastructure.driver()).tool !== undefined
  ;({ port } = mustSucceed(await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  await workspace.query('school', `INSERT INTO users (name, phone) VALUES ('Ada', '1'), ('Bob', '2'), ('Eve', NULL)`)
  before = await look()
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace?.remove())

const served = async (): Promise<unknown> => (await fetch(`http://127.0.0.1:${port}/`)).json()

/** What the instance's code reads, and all that the database has. Nothing may lie around. */
async function look() {
  const instances = join(workspace.root, 'instances')
  await until(async () => !(await readdir(instances)).some(it => it.startsWith('.trash')))
  const slots = await readdir(join(instances, 'school'))
  expect(slots.filter(it => ['.next', '.replaced'].includes(it) || it.endsWith('.tmp'))).toEqual([])
  expect(await workspace.sql("SELECT datname FROM pg_database WHERE starts_with(datname, 'im_copy_')")).toEqual([])
  const kept = await workspace.query(
    'school',
    "SELECT FROM pg_class WHERE relnamespace = to_regnamespace('im_kept') AND relkind = 'r' AND relname <> 'moves'",
  )
  return { served: await served(), database: await dumpOf(workspace, 'school_db'), kept: kept.length }
}

/**
 * Runs a job that is killed at each of the moments, which must come in this order; a step that begins a fourth time
 * would wait for someone. Until the switch, the instance serves what it served.
 */
async function killed(kind: string, input: object, lines: readonly Moment[]): Promise<OperationState | undefined> {
  const was = await served()
  await workspace.close()
  const untouched = lines.findIndex(it => it.what.endsWith(' switch') || it.at === 'renamed' || it.what === 'turned')
  const seen: unknown[] = []
  for (const [index, killAt] of lines.entries()) {
    await crash(workspace, { ...(index === 0 && { run: [[kind, input]] }), killAt })
    if (index < untouched) seen.push(await served())
  }
  expect(seen).toEqual(seen.map(() => was))
  return (await recover(workspace))[0]
}

const ifSaved = (step: string): string[] => (saves ? [step] : [])

it('new code that fails only once it runs: the old code and the old schema are back, with all rows', async () => {
  await setVersion(workspace, { ...phoneless, first: 'if (process.env.pm_id) throw new Error("not under PM2")' })
  const undone = (step: string): Moment => ({ at: 'before', what: `undone ${step}` })
  const undo = (step: string): Moment[] => [{ at: 'after', what: `undoing ${step}` }, undone(step)]
  const state = await killed('rebuild', push, [
    { at: 'after', what: 'turned' },
    undone('verify-health'), // has nothing to undo, as has the preparation
    ...['start-process', 'switch', ...ifSaved('dump-database'), 'trial', 'rehearse-schema', 'fill-slot'].flatMap(undo),
    undone('prepare-release'),
    { at: 'before', what: 'settled' },
  ])
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'failed' } })
  expect(await look()).toEqual(before)
})

it('the same rebuild again, without a kill', async () => {
  await setVersion(workspace, phoneless)
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start('rebuild', push)))
  after = await look()
  expect(after).toMatchObject({ served: old.map(({ id, name }) => ({ id, name, note: null })), kept: 1 })
})

it('a rollback', async () => {
  const state = await killed('rollback', { name: 'school' }, [
    { at: 'before', what: 'done trial' },
    { at: 'renamed', what: '.replaced/server' }, // the database has the old schema, the folder has no code
    { at: 'before', what: 'done switch' },
    { at: 'before', what: 'done start-process' },
    { at: 'before', what: 'done keep-previous' },
    { at: 'before', what: 'settled' },
  ])
  expect(state).toMatchObject({ phase: 'succeeded' })
  expect(await look()).toMatchObject({ served: old, database: before.database })
})

it('a rebuild', async () => {
  const begun = ['switch', 'start-process', 'verify-health', 'smoke-tests', 'keep-previous']
  const [, ...lines] = moments('rehearse-schema', 'trial', ...ifSaved('dump-database'), ...begun)
  const state = await killed('rebuild', push, lines)
  expect(state).toMatchObject({ phase: 'succeeded' })
  const notes = state?.steps.flatMap(it => it.notes ?? []).join('\n')
  expect(notes).toMatch(
    /This loses data:[^]+ DROP COLUMN [^]+ was moved forward\.\nDrops column `phone` of `users`: 2 values, kept aside/,
  )
  expect(await look()).toEqual(after)
})
