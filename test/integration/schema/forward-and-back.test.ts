/**
 * Changes that PostgreSQL accepts go forward and back with every row, whether or not rows are written in between. Those
 * that it refuses are known before anything runs, with the rows, and leave the database as it is.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Login } from '../../../src/main/infrastructure/connection'
import { move, type Direction } from '../../../src/main/schema/move'
import { inTransaction, withSession } from '../../../src/main/schema/session'
import type { Loss, MoveReport, SchemaChange } from '../../../src/shared/schema'
import { accepted, refused, type Change } from './changes'
import { allRows, dump, makeSchool, mapRows, proposals, rehearsed, writeLater, type Rows, type School } from './school'

let school: School
let proposalOf: ReturnType<typeof proposals>
/** What the rows are before, and what users would have made of them without the change. */
let original: Rows
let unchanged: Rows

beforeAll(async () => {
  school = await makeSchool()
  proposalOf = proposals(school, [...accepted, ...refused])
  original = await rowsOf(school.login)
  const twin = await school.database('twin')
  await withSession(twin, writeLater)
  unchanged = await rowsOf(twin)
})
afterAll(() => school?.remove())

const rowsOf = (login: Login): Promise<Rows> => withSession(login, allRows)
const moved = (login: Login, change: SchemaChange, direction: Direction): Promise<MoveReport> =>
  withSession(login, client => inTransaction(client, () => move(client, change, direction)))
const lossLine = (it: Loss): string => `${it.kind} ${it.table}${'column' in it ? `.${it.column}` : ''} ${it.count}`
const sum = (all: readonly { readonly count: number }[]): number => all.reduce((total, it) => total + it.count, 0)

describe.each(accepted)('$name', change => {
  let login: Login
  let its: SchemaChange

  test('is rehearsed on a copy', async () => {
    login = await school.database(change.name)
    const { rollback, ...rehearsal } = await rehearsed(school, login, await proposalOf(change.name))
    expect(rehearsal).toMatchObject({ class: change.class, change: { id: 'change-1' } })
    expect(rehearsal.losses.map(lossLine)).toEqual(change.losses ?? [])
    expect(rehearsal.candidates.length).toBe(change.candidates ?? 0)
    expect(rollback).toEqual({ exact: true, limits: change.limits ?? [] })
    its = rehearsal.change as SchemaChange
  })

  test('goes forward and back exactly, and forward again', async () => {
    const before = await dump(login)
    expect(before.rows).toEqual(original)
    await moved(login, its, 'forward')
    const after = await dump(login)
    expect(after.facts).not.toEqual(before.facts)
    await moved(login, its, 'backward')
    expect(await dump(login)).toEqual(before)
    await moved(login, its, 'forward')
    expect(await dump(login)).toEqual(after)
  })

  test('keeps what is written in between', async () => {
    await withSession(login, async client => {
      await writeLater(client)
      if (change.later) await client.query(change.later)
    })
    const meanwhile = await rowsOf(login)
    const report = await moved(login, its, 'backward')
    expect(sum(report.placeholders)).toBe(change.placeholders ?? 0)
    expect(sum(report.aside)).toBe(change.aside ?? 0)
    const found = await rowsOf(login)
    expect(found).toEqual(expectedRows(change, meanwhile, found))
    await moved(login, its, 'forward')
    expect(await rowsOf(login)).toEqual(meanwhile)
  })
})

/** What should be found of the rows: of old ones all that is in `unchanged`, of new ones what both schemas have. */
function expectedRows({ written = {} }: Change, meanwhile: Rows, found: Rows): Rows {
  return mapRows(unchanged, (value, [table, key, column]) => {
    const isOld = original[table]?.[key] !== undefined
    const wrote = written[`${table}.${key}.${column}`]
    if (wrote !== undefined) return wrote
    const isFree = column === 'created_at' || (column === 'born' && !isOld)
    const now = meanwhile[table]?.[key]?.[column]
    if (isFree || (!isOld && now === undefined)) return found[table]?.[key]?.[column] ?? null
    return isOld ? value : (now ?? null)
  })
}

describe.each(refused)('$name', change => {
  test('is refused, with the rows', async () => {
    const { refusal, ...rehearsal } = await rehearsed(school, school.login, await proposalOf(change.name))
    expect(rehearsal).toMatchObject({ class: 'refused', losses: [] })
    expect(rehearsal.change).toBeUndefined()
    expect(rehearsal.candidates.length).toBe(change.candidates ?? 0)
    expect([refusal?.code, refusal?.rows?.count]).toEqual(change.refused)
    expect(refusal?.rows?.keys.length).toBe(Math.min(10, change.refused?.[1] ?? 0))
    expect(refusal?.words).toMatch(/row/)
  })

  test('changes nothing where it is run all the same', async () => {
    const before = await dump(school.login)
    const proposal = await proposalOf(change.name)
    await expect(moved(school.login, { ...proposal, keep: [] }, 'forward')).rejects.toMatchObject({
      problem: { code: 'schema-refused' },
    })
    expect(await dump(school.login)).toEqual(before)
  })
})
