import { expect, test } from 'vitest'
import { errorLines } from '../../../src/main/infrastructure/error-lines'

test.each([
  ['', undefined],
  ['2026-11-25 20:40:26.550 UTC [1] LOG:  starting PostgreSQL 15', undefined],
  [
    '2026-11-25 20:40:26.550 UTC [1] LOG:  could not bind IPv4 address\n2026-11-25 20:40:26.551 UTC [1] FATAL:  could not create any TCP/IP sockets\n',
    'LOG:  could not bind IPv4 address FATAL:  could not create any TCP/IP sockets',
  ],
  [
    '… UTC [13] FATAL:  could not write to file "pg_wal/xlogtemp.13": No space left on device\n… UTC [14] a@b FATAL:  the database system is starting up\n… UTC [15] a@b FATAL:  the database system is not yet accepting connections\n',
    '… UTC [13] FATAL:  could not write to file "pg_wal/xlogtemp.13": No space left on device',
  ],
])('the telling lines of %j', (log, lines) => {
  expect(errorLines(log)).toBe(lines)
})
