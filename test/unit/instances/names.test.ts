import { describe, expect, it } from 'vitest'
import { requireFreeName } from '../../../src/main/instances/create/plan'
import type { ProcessInfo } from '../../../src/main/processes/client'
import { createInputSchema, databaseNames, nameSchema } from '../../../src/shared/instance'
import { manifestSchema } from '../../../src/shared/workspace'

const check = (
  name: string,
  { taken = [], processes = [] }: { taken?: string[]; processes?: string[] } = {},
): Promise<void> =>
  requireFreeName(
    {
      configs: () =>
        Promise.resolve({
          configs: [],
          foreign: new Map(),
          manifest: manifestSchema.parse({}),
          broken: [],
          taken,
          serverOf: it => it,
        }),
      processes: { list: () => Promise.resolve(processes.map(it => ({ name: it }) as ProcessInfo)) },
    },
    name,
    manifestSchema.parse({}),
  )

describe('requireFreeName', () => {
  it.each([
    ['all', 'a keyword'],
    ['MAX', 'a keyword'],
    ['0', 'a process id'],
    ['123', 'a process id'],
  ])('keeps %s for PM2', async (name, why) => {
    await expect(check(name)).rejects.toMatchObject({
      problem: { code: 'name-reserved', field: 'name', message: expect.stringContaining(why) as string },
    })
  })

  it.each(['all-1', '1a', '0_0', 'maximal', 'a'])('takes %s', async name => {
    await expect(check(name, { taken: ['other'], processes: ['other'] })).resolves.toBeUndefined()
  })

  it('compares names without regard to case, and says why that matters', async () => {
    await expect(check('School', { taken: ['school'] })).rejects.toMatchObject({
      problem: { code: 'name-taken', field: 'name', cause: expect.stringContaining('database') as string },
    })
    await expect(check('school', { taken: ['school'] })).rejects.toMatchObject({
      problem: { code: 'name-taken', cause: undefined },
    })
  })

  it('leaves the name of a foreign process alone', async () => {
    await expect(check('api', { processes: ['api'] })).rejects.toMatchObject({
      problem: { code: 'process-name-taken', field: 'name' },
    })
  })
})

describe('nameSchema', () => {
  it.each(['a', 'A-1', '0x', 'x_y-z', 'x'.repeat(40)])('takes %s', name => {
    expect(nameSchema.safeParse(name).success).toBe(true)
  })
  it.each(['', '-a', '_a', 'a b', 'a.b', 'ä', 'a/b', '../a', 'a\n', 'a"', 'x'.repeat(41)])('refuses %j', name => {
    expect(nameSchema.safeParse(name).success).toBe(false)
  })

  it('gives names that differ', () => {
    expect(databaseNames('My-School')).toEqual({ database: 'my-school_db', role: 'my-school_user' })
  })
})

describe('createInputSchema', () => {
  const input = {
    name: 'a',
    port: 'auto',
    director: { name: "O'Brien", email: 'a@example.org', password: 'pass word$"1\'' },
  }
  const field = (change: object): string | undefined =>
    createInputSchema.safeParse({ ...input, ...change }).error?.issues[0]?.path.join('.')
  const director = (change: object) => ({ director: { ...input.director, ...change } })

  it('takes names and passwords with quotes, dollars and spaces, and keeps them', () => {
    expect(createInputSchema.parse(input)).toMatchObject({ ...input, allowSharedPort: false, jwtSecret: 'generate' })
  })

  it.each<[string, object]>([
    ['name', { name: 'a b' }],
    ['port', { port: 80 }],
    ['port', { port: 65_536 }],
    ['port', { port: 5000.5 }],
    ['port', { port: '5000' }],
    ['director.name', director({ name: '  ' })],
    ['director.name', director({ name: 'a\nb' })],
    ['director.email', director({ email: 'nobody' })],
    ['director.password', director({ password: 'short' })],
    ['director.password', director({ password: 'é'.repeat(37) })],
    ['director.password', director({ password: 'with\0nul-inside' })],
    ['jwtSecret', { jwtSecret: 'none' }],
  ])('names %s as the field of %j', (expected, change) => {
    expect(field(change)).toBe(expected)
  })
})
