/** No value of a query is ever shown, wherever PostgreSQL has cut its text. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { hideLiterals } from '../../../../src/main/infrastructure/activity/literals'

test.each([
  ["SELECT * FROM users WHERE email = 'ada@school.example'", 'SELECT * FROM users WHERE email = ?'],
  [
    `SELECT "User"."e""mail" FROM "User" WHERE id = $1 AND age > 17`,
    `SELECT "User"."e""mail" FROM "User" WHERE id = $1 AND age > ?`,
  ],
  ["SELECT 'it''s', 'b'", 'SELECT ?, ?'],
  [String.raw`SELECT E'it\'s secret', 1`, 'SELECT ?, ?'],
  [String.raw`SELECT e'a\\', name`, 'SELECT ?, name'],
  ["SELECT N'x', B'01', X'1F', U&'d\\0061t'", 'SELECT N?, B?, X?, U&?'],
  ['SELECT $$it’s $1 secret$$, $tag$ a $$ b $tag$, $2', 'SELECT ?, ?, $2'],
  ['SELECT a$$b$$c FROM t1', 'SELECT a$$b$$c FROM t1'],
  ['SELECT -1.5e10, .5, 0x1F, 1_000, t1.c2', 'SELECT -?, ?, ?, ?, t1.c2'],
  ['SELECT 1$$secret$$', 'SELECT ??'],
  ['SELECT a -- for ada\nFROM t /* and /* for */ bob */ WHERE b', 'SELECT a FROM t WHERE b'],
  ["SELECT a + -- don't\n b", 'SELECT a + b'],
  ["SET LOCAL app.user = alice; SELECT 1; set role TO 'x'", 'SET LOCAL app.user = ?; SELECT ?; set role TO ?'],
  ['UPDATE t SET a = b WHERE c', 'UPDATE t SET a = b WHERE c'],
  ["ALTER ROLE x PASSWORD 'secret'", 'ALTER ROLE x PASSWORD ?'],
  ['', ''],
])('%s', (text, shown) => {
  expect(hideLiterals(text)).toBe(shown)
})

describe('hostile texts', () => {
  test.each([
    "SELECT 'secret",
    "SELECT E'it\\'secret",
    "SELECT 'a\\'secret', 'b'", // with standard_conforming_strings off, the string goes on after the quote
    "SELECT 'a\\' || secret || 'b'",
    "SELECT E'a'\n'b\\'secret'",
    'SELECT $$secret',
    'SELECT $x$ $$ secret $X$',
    'SELECT /* /* a */ secret',
    'SELECT 1 -- secret',
    'SELECT "secret',
    "SELECT 1E'a\\'secret'",
    "SELECT typeE'a\\'secret'",
  ])('%s', text => {
    expect(hideLiterals(text)).not.toContain('secret')
  })

  it('is short, and on one line', () => {
    const shown = hideLiterals(`SELECT ${'a, '.repeat(1000)}\n\tb`)
    expect(shown).toHaveLength(300)
    expect(shown).toMatch(/^SELECT a, a.*…$/)
  })
})

test('whatever a query consists of and wherever it is cut, no value is shown', () => {
  const secret = 'Zq9'
  const inside = fc.constantFrom(secret, ' ', "''", '"', '$', '--', '/*', '*/', '$$', 'x', ';')
  const body = fc.array(inside, { maxLength: 6 }).map(it => [secret, ...it].join(''))
  const piece = fc.oneof(
    body.map(it => `'${it}'`),
    body.map(it => `E'${it}\\'${secret}\\\\'`),
    body.map(it => `$t$${it}$t$`),
    body.map(it => `-- ${it.replaceAll("''", '')}\n`),
    body.map(it => `/* ${it.replaceAll(/\/\*|\*\//g, '')} */`),
    fc.constantFrom('SELECT', 'a', '"b c"', '+', '-', '/', '*', '(', ')', ',', '$1', 'e', 'E', 'x$$', '\n'),
  )
  const query = fc.array(piece, { maxLength: 12 }).map(it => it.join(' '))
  fc.assert(
    fc.property(query, fc.nat(), (text, cut) => {
      expect(hideLiterals(text.slice(0, cut % (text.length + 1)))).not.toContain(secret)
    }),
    { numRuns: 2000 },
  )
})
