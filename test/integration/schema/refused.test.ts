/** Changes that PostgreSQL refuses are known before anything runs, with the rows, and leave the database as it is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { move } from '../../../src/main/schema/move'
import { inTransaction, withSession } from '../../../src/main/schema/session'
import { refused } from './changes'
import { dump, makeSchool, proposals, rehearsed, type School } from './school'

let school: School
let proposalOf: ReturnType<typeof proposals>

beforeAll(async () => {
  school = await makeSchool()
  proposalOf = proposals(school, refused)
})
afterAll(() => school?.remove())

describe.each(refused)('$name', change => {
  test('is refused, with the rows', async () => {
    const proposal = await proposalOf(change.name)
    const { class: found, refusal, change: its } = await rehearsed(school, school.login, proposal)
    expect({ found, its }).toEqual({ found: 'refused', its: undefined })
    expect([refusal?.code, refusal?.rows?.count]).toEqual(change.refused)
    expect(refusal?.rows?.keys.length).toBe(Math.min(10, change.refused?.[1] ?? 0))
    expect(refusal?.words).toMatch(/row/)
  })

  test('changes nothing where it is run all the same', async () => {
    const before = await dump(school.login)
    const proposal = await proposalOf(change.name)
    const run = withSession(school.login, client =>
      inTransaction(client, () => move(client, { ...proposal, keep: [] }, 'forward')),
    )
    await expect(run).rejects.toMatchObject({ problem: { code: 'schema-refused' } })
    expect(await dump(school.login)).toEqual(before)
  })
})
