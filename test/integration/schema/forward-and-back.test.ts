/** Changes that PostgreSQL accepts go forward and back with every row, whether or not rows are written in between. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Login } from '../../../src/main/infrastructure/connection'
import { differences, readCatalogue } from '../../../src/main/schema/catalogue'
import { move, type Direction } from '../../../src/main/schema/move'
import { inTransaction, withSession } from '../../../src/main/schema/session'
import type { Loss, MoveReport, Rehearsal, SchemaChange } from '../../../src/shared/schema'
import { accepted } from './changes'
import { allRows, makeSchool, proposals, rehearsed, writeLater, type Rows, type School } from './school'

let school: School
let proposalOf: ReturnType<typeof proposals>

beforeAll(async () => {
  school = await makeSchool()
  proposalOf = proposals(school, accepted)
})
afterAll(() => school?.remove())

const moved = (login: Login, change: SchemaChange, direction: Direction): Promise<MoveReport> =>
  withSession(login, client => inTransaction(client, () => move(client, change, direction)))
const rowsOf = (login: Login): Promise<Rows> => withSession(login, allRows)
const catalogueOf = (login: Login) => withSession(login, readCatalogue)

const lossLine = (it: Loss): string => `${it.kind} ${it.table}${'column' in it ? `.${it.column}` : ''} ${it.count}`

describe.each(accepted)('$name', change => {
  let login: Login
  let rehearsal: Rehearsal
  let its: SchemaChange

  test('is rehearsed on a copy', async () => {
    login = await school.database(change.name)
    const before = await rowsOf(login)
    rehearsal = await rehearsed(school, login, await proposalOf(change.name))
    if (!rehearsal.change) throw new Error(JSON.stringify(rehearsal))
    its = rehearsal.change
    expect({ class: rehearsal.class, losses: rehearsal.losses.map(lossLine), exact: rehearsal.rollback.exact }).toEqual(
      {
        class: change.class,
        losses: change.losses ?? [],
        exact: true,
      },
    )
    expect(rehearsal.candidates.length).toBe(change.candidates ?? 0)
    expect(await rowsOf(login)).toEqual(before)
  })

  test('goes forward and back exactly, and forward again', async () => {
    const [before, catalogue] = [await rowsOf(login), await catalogueOf(login)]
    await moved(login, its, 'forward')
    const [after, changed] = [await rowsOf(login), await catalogueOf(login)]
    expect(differences(catalogue, changed)).not.toEqual([])
    await moved(login, its, 'backward')
    expect(await rowsOf(login)).toEqual(before)
    expect(differences(catalogue, await catalogueOf(login))).toEqual([])
    await moved(login, its, 'forward')
    expect(await rowsOf(login)).toEqual(after)
    expect(differences(changed, await catalogueOf(login))).toEqual([])
  })

  test('keeps what is written in between', async () => {
    const twin = await school.database(`${change.name}, unchanged`)
    const original = await rowsOf(twin)
    await withSession(twin, writeLater)
    await withSession(login, async client => {
      await writeLater(client)
      if (change.later) await client.query(change.later)
    })
    const meanwhile = await rowsOf(login)
    const report = await moved(login, its, 'backward')
    expect(report.placeholders.reduce((sum, it) => sum + it.count, 0)).toBe(change.placeholders ?? 0)
    expect(report.aside.reduce((sum, it) => sum + it.count, 0)).toBe(change.aside ?? 0)
    const [found, expected] = [await rowsOf(login), await rowsOf(twin)]
    for (const [table, rows] of Object.entries(expected)) {
      expect(Object.keys(found[table] ?? {}), table).toEqual(Object.keys(rows))
      for (const [key, row] of Object.entries(rows)) {
        const isOld = original[table]?.[key] !== undefined
        const common = meanwhile[table]?.[key] ?? {}
        for (const [column, value] of Object.entries(row)) {
          if (
            change.written?.includes(`${table}.${key}.${column}`) ||
            column.endsWith('ed_at') ||
            (column === 'born' && !isOld)
          )
            continue
          if (isOld || column in common)
            expect(found[table]?.[key]?.[column], `${table} ${key} ${column}`).toBe(isOld ? value : common[column])
        }
      }
    }
    await moved(login, its, 'forward')
    const again = await rowsOf(login)
    expect(again).toEqual(meanwhile)
  })
})
