/** What a page of a table's rows tells of their key. */
import { expect, it } from 'vitest'
import { pageOf } from '../../../src/main/tables/read'
import type { Look } from '../../../src/main/tables/session'
import { mostKeyCharacters, rowsPerPage } from '../../../src/shared/tables'

const lookingAt =
  (key: string): Look =>
  async sql =>
    sql.includes('pg_attribute')
      ? [['link', 'text', '1']]
      : Array.from({ length: rowsPerPage + 1 }, () => ['(0,1)', key.slice(0, 600), key])

it.each([
  ['plain', 'https://a.example', true],
  ['a password in a URL', 'postgres://ada:hidden@db.example/school', false],
  ['a password’s hash', '$2b$10$abcdefghijklmnopqrstuv', false],
  ['too long to come back', 'x'.repeat(mostKeyCharacters + 1), false],
])(
  'the key of the last row goes to the page and back unless it shows what the cell doesn’t: %s',
  async (_, key, goes) => {
    const { next, more } = await pageOf(lookingAt(key), { name: 'school', schema: 'public', table: 'Link' })
    expect([more, next]).toEqual([true, goes ? [key] : undefined])
  },
)
