import { describe, expect, it } from 'vitest'
import { continues, hint, looksLikeError } from '../../../src/main/logs/judge'
import { stampOf } from '../../../src/main/logs/stamps'

describe('what looks like an error', () => {
  it.each([
    'Error: connect ECONNREFUSED 127.0.0.1:15432',
    'TypeError: Cannot read properties of undefined',
    'PrismaClientInitializationError: Invalid',
    'ERROR: relation "x" does not exist',
    '[123] app@school_db FATAL:  password authentication failed',
    '[ERROR] no luck',
    '[error] no luck',
    'error: no luck',
    '{"level":"error","msg":"x"}',
    '{"level":50,"msg":"x"}',
    'time=1 level=fatal msg=x',
    'Unhandled promise rejection',
    'Uncaught exception',
    'panic: out of range',
    'Traceback (most recent call last)',
    'listen EADDRINUSE: address already in use',
    'npm ERR! missing script',
    'java.lang.NullPointerException: null',
    'CRITICAL disk',
    'Segmentation fault (core dumped)',
    'RangeError [ERR_OUT_OF_RANGE]: x',
    'Error',
  ])('%s', text => {
    expect(looksLikeError(text)).toBe(true)
    expect(hint.test(text)).toBe(true)
  })
  it.each([
    'GET /api/students 200 5 ms',
    'GET /api/errors 200 5 ms',
    'done with 0 errors',
    'errors: 0',
    'error: null',
    '"error":false',
    'ERROR: 0',
    'POST /login 500 3 ms',
    'no errors',
    'mirror is up',
    'terror',
    'GET /error.html 200',
    'The alert was sent',
    'critical section entered',
    '',
    '{"level":30,"msg":"x"}',
    'preferred',
    'HTTP 502',
  ])('not: %s', text => {
    expect(looksLikeError(text)).toBe(false)
  })
})

describe('what goes on with the line before', () => {
  it.each([
    '    at f (/srv/index.js:1:2)',
    '\tat java.base/x(Y.java:1)',
    'at async f (index.js:1:2)',
    'Caused by: java.io.IOException',
    '... 12 more',
    '  "key": 1,',
    '}',
    '});',
    ']',
    '',
    '      ^',
    '^',
    '[42] DETAIL:  Key (id)=(1) already exists.',
    '[42] u@d STATEMENT:  SELECT 1',
    'HINT: try',
    "  code: 'P1001'",
  ])('%s', text => {
    expect(continues(text)).toBe(true)
  })
  it.each([
    'GET /',
    'at last it works',
    'TypeError: x',
    '[42] LOG:  ready',
    '{ a: 1 }',
    'Detail of it',
    '[1] begins',
    'Contact',
  ])('not: %s', text => {
    expect(continues(text)).toBe(false)
  })
})

describe('stamps', () => {
  const local = (ms = 0): number => new Date(2026, 10, 23, 18, 26, 7, ms).getTime()
  const utc = Date.UTC(2026, 10, 23, 18, 26, 7)
  it.each([
    ['2026-11-23T18:26:07: text', local(), 'text'],
    ['2026-11-23T18:26:07:     at f', local(), '    at f'],
    ['2026-11-23 18:26:07.123 UTC [42] LOG:  ready', utc + 123, '[42] LOG:  ready'],
    ['2026-11-23 18:26:07.123 CET [42] LOG:  ready', local(123), '[42] LOG:  ready'],
    ['2026-11-23T18:26:07.123456789Z text', utc + 123, 'text'],
    ['2026-11-23T18:26:07+01:00 text', utc - 3_600_000, 'text'],
    ['2026-11-23 18:26:07.5 -0330 text', utc + 500 + 3.5 * 3_600_000, 'text'],
    ['[2026-11-23T18:26:07.000Z] text', utc, 'text'],
    ['2026-11-23T18:26:07: ', local(), ''],
  ])('%s', (line, at, text) => {
    const stamp = stampOf(Buffer.from(line))
    expect(stamp?.at).toBe(at)
    expect(line.slice(stamp?.length)).toBe(text)
  })
  it.each([
    'text',
    '2026-11-23: report',
    '2026-99-23T18:26:07: x',
    '12:00:00 x',
    '',
    '1',
    '20261123T182607 x',
    '[2026] x',
    '0026-11-23T18:26:07: x',
  ])('none: %s', line => {
    expect(stampOf(Buffer.from(line))).toBeUndefined()
  })
})
