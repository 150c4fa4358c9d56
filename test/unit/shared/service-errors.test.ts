/** Errors in the services' logs, without values. */
import { expect, it, test } from 'vitest'
import type { LogLine } from '../../../src/shared/log'
import { errorsIn, hideValues } from '../../../src/shared/service-errors'

test.each([
  ['ERROR:  relation "User" does not exist at character 15', 'ERROR:  relation "User" does not exist at character 15'],
  [
    'ERROR:  duplicate key value violates unique constraint "User_email_key"',
    'ERROR:  duplicate key value violates unique constraint "User_email_key"',
  ],
  ['ERROR:  invalid input syntax for type integer: "alice"', 'ERROR:  invalid input syntax for type integer: “…”'],
  ['ERROR:  syntax error at or near "alice"', 'ERROR:  syntax error at or near “…”'],
  ['ERROR:  relation "alice@school.example" does not exist', 'ERROR:  relation “…” does not exist'],
  [`ERROR:  unterminated quoted string at or near "'alice`, 'ERROR:  unterminated quoted string at or near “…”'],
  ["ERROR:  value 'alice' is wrong", 'ERROR:  value “…” is wrong'],
])('%s', (message, shown) => {
  expect(hideValues(message)).toBe(shown)
})

const line = (text: string, changes: Partial<LogLine> = {}): LogLine => ({
  position: '0',
  text,
  at: 1,
  error: true,
  continues: false,
  matches: [],
  ...changes,
})

it('each message once, the latest first, without what belongs to it', () => {
  const failed = '2026-11-26 19:48:01.123 UTC [4711] school_user@school_db ERROR:  column "x" does not exist'
  expect(
    errorsIn([
      line(failed),
      line("2026-11-26 19:48:01.123 UTC [4711] STATEMENT:  SELECT x FROM t WHERE name = 'alice'", { continues: true }),
      line('2026-11-26 19:49:00.000 UTC [99] \u001b[31mFATAL:  terminating connection\u001b[0m', { at: 2 }),
      line('2026-11-26 19:50:00.000 UTC [1] LOG:  all is well', { error: false }),
      line(failed.replace('4711', '4712'), { at: 3 }),
    ]),
  ).toEqual([
    { text: 'school_user@school_db ERROR:  column "x" does not exist', count: 2, at: 3 },
    { text: 'FATAL:  terminating connection', count: 1, at: 2 },
  ])
})
