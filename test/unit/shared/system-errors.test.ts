/** Errors of the operating system and of PostgreSQL that are nobody's defect. */
import { DatabaseError } from 'pg'
import { expect, it } from 'vitest'
import { unreachable } from '../../../src/main/infrastructure/connection'
import { toProblem } from '../../../src/shared/problem'

const failed = (code: string, more: object = {}): Error =>
  Object.assign(new Error(`${code}: it failed`), { code, ...more })

it.each([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EROFS', 'disk-read-only'],
  ['EIO', 'disk-error'],
  ['EMFILE', 'too-many-files'],
  ['ENFILE', 'too-many-files'],
  ['EACCES', 'access-denied'],
  ['EPERM', 'access-denied'],
])('%s is a Problem of its own, with a hint and no stack', (errno, code) => {
  const found = toProblem(failed(errno, { syscall: 'open', path: '/srv/x' }))
  expect(found).toEqual({
    code,
    message: expect.any(String) as string,
    cause: expect.stringContaining(errno) as string,
    hint: expect.any(String) as string,
    ...(code === 'disk-full' && { action: 'free-space' }),
  })
  expect(toProblem(failed(errno, { syscall: 'write' })).code).toBe(code) // of an open file, which has no path
})

it.each(['ENOENT', 'EEXIST', 'ECONNREFUSED'])('%s is what it was', errno =>
  expect(toProblem(failed(errno)).code).toBe('unexpected'),
)
it.each(['connect', 'bind', 'listen', 'kill'])('that %s is refused says nothing of a file', syscall =>
  expect(toProblem(failed('EACCES', { syscall })).code).toBe('unexpected'),
)

it.each([
  ['53100', 'disk-full'],
  ['53300', 'too-many-connections'],
  ['42601', 'postgres-failed'],
])("PostgreSQL's %s is %s", (sqlState, code) => {
  const error = Object.assign(new DatabaseError('could not extend file', 1, 'error'), { code: sqlState })
  const { problem } = unreachable(error, 5432)
  expect(problem.code).toBe(code)
  expect(problem.hint !== undefined).toBe(code !== 'postgres-failed')
})
