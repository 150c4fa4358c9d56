import { lstat, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'dotenv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatEnv, removeEnv, setEnv, unsetEnv, writeEnv } from '../../../src/main/workspace/env-file'
import { ProblemError } from '../../../src/shared/problem'
import { temporary } from '../temporary'

/** What such a text is, or undefined if the Problem for values without a notation was thrown. */
function written(write: () => string): string | undefined {
  try {
    return write()
  } catch (error) {
    if (error instanceof ProblemError && error.problem.code === 'env-value') return undefined
    throw error
  }
}

const key = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/)
/** Full of what dotenv treats specially. */
const value = fc.oneof(
  fc.string(),
  fc.string({ unit: fc.constantFrom('"', "'", '`', '#', '$', '\\', '\n', '\r', 'n', ' ', '=', 'é', '{', '}') }),
)

const same = (one: object, other: object): boolean => isDeepStrictEqual({ ...one }, { ...other })
/** Only such values may be refused. */
const isHard = (it: string): boolean => ['"', "'", '`'].every(quote => it.includes(quote)) || /[\r\n\\]/.test(it)

describe('writeEnv', () => {
  it('writes through a link, which stays one; a link to anything but a file is refused and left alone', async () => {
    const folder = await temporary()
    const [env, shared] = [join(folder, '.env'), join(folder, 'shared.env')]
    await writeFile(shared, 'A=1\n', { mode: 0o644 })
    await symlink(shared, env)
    await writeEnv(env, 'A=2\n')
    expect([
      (await lstat(env)).isSymbolicLink(),
      await readFile(shared, 'utf8'),
      (await lstat(shared)).mode & 0o777,
    ]).toEqual([true, 'A=2\n', 0o600])
    for (const target of ['/dev/null', folder, join(folder, 'nothing')]) {
      await rm(env)
      await symlink(target, env)
      await expect(writeEnv(env, 'A=3\n')).rejects.toMatchObject({ problem: { code: 'env-link' } })
      expect(await readlink(env)).toBe(target)
    }
    expect((await readdir(folder)).toSorted()).toEqual(['.env', 'shared.env'])
    await rm(env)
    await writeEnv(env, 'A=4\n')
    expect(await readFile(env, 'utf8')).toBe('A=4\n')
  })
})

describe('unsetEnv', () => {
  // oxlint-disable-next-line vitest/expect-expect -- the property asserts
  it('takes out what setEnv has added, and nothing else', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), value, (values, added) => {
        const before = written(() => `# ours\n${formatEnv(values)}`)
        const after = before === undefined ? undefined : written(() => setEnv(before, { 'new.key': added }))
        return before === undefined || after === undefined || unsetEnv(after, ['new.key', 'not-there']) === before
      }),
      { numRuns: 500 },
    )
  })

  it('takes out a last line without its end', () => {
    expect(unsetEnv('A=1\nB=2', ['B'])).toBe('A=1\n')
    expect(unsetEnv('A=1\nB=2\nA=3\n', ['A'])).toBe('A=1\nB=2\n')
  })
})

describe('removeEnv', () => {
  it('removes every assignment and nothing else, however lines end', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(parse(removeEnv(['A=1', 'B=2', 'C=3', 'B=4', 'D=5', ''].join(end), 'B'))).toEqual({
        A: '1',
        C: '3',
        D: '5',
      })
  })
})

describe('formatEnv', () => {
  // oxlint-disable-next-line vitest/expect-expect -- the property asserts
  it('gives back every value that it writes, and refuses only what mixes quotes or line endings', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), values => {
        const text = written(() => formatEnv(values))
        return text === undefined ? Object.values(values).some(isHard) : same(parse(text), values)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    'plain',
    '',
    ' spaces ',
    'a#b',
    'a # b',
    'p"q',
    "it's",
    '$HOME',
    'two\nlines',
    'C:\\new',
    '"quoted"',
    'both " and \'',
    'PATH\\\\x',
  ])('writes %j', it => {
    expect(parse(formatEnv({ KEY: it }))).toEqual({ KEY: it })
  })

  it('never says the value that it refuses', () => {
    expect(() => formatEnv({ KEY: 'canary"\'`#' })).toThrow(
      expect.toSatisfy(
        (error: ProblemError) =>
          error.problem.code === 'env-value' && !JSON.stringify(error.problem).includes('canary'),
      ),
    )
  })
})

describe('setEnv', () => {
  // oxlint-disable-next-line vitest/expect-expect -- the property asserts
  it('sets each value and keeps the others', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.dictionary(key, value), (before, change) => {
        const text = written(() => formatEnv(before))
        const changed = text === undefined ? undefined : written(() => setEnv(text, change))
        return changed === undefined || same(parse(changed), { ...before, ...change })
      }),
      { numRuns: 500 },
    )
  })

  it('leaves comments, blank lines and other assignments as they are', () => {
    const text = '# first\n\nA=1 # said\n  export B = "2"\nC: 3\n\n# last\n'
    expect(setEnv(text, { B: 'two' })).toBe('# first\n\nA=1 # said\nB=two\nC: 3\n\n# last\n')
    expect(setEnv(text, { D: '4' })).toBe(`${text}D=4\n`)
  })

  it('replaces all lines of a value that spans several', () => {
    expect(setEnv('A=1\nKEY="one\ntwo\nthree"\nB=2\n', { KEY: 'x' })).toBe('A=1\nKEY=x\nB=2\n')
    expect(parse(setEnv('KEY=x\n', { KEY: 'one\ntwo' }))).toEqual({ KEY: 'one\ntwo' })
  })

  it('replaces the assignment that counts, the last', () => {
    expect(parse(setEnv('A=1\nA=2\n', { A: '3' }))).toEqual({ A: '3' })
  })

  it('does not take a line inside another value for an assignment', () => {
    const text = 'A="first\nB=inside\nlast"\n'
    expect(parse(setEnv(text, { B: 'x' }))).toEqual({ A: 'first\nB=inside\nlast', B: 'x' })
  })

  it('keeps the file’s line ends, and reads the same with either', () => {
    const windows = (text: string): string => text.replaceAll('\n', '\r\n')
    const text = '# first\nA=1\nB="2\n3"\n# last\n'
    expect(setEnv(windows(text), { A: '4', C: '5' })).toBe(windows('# first\nA=4\nB="2\n3"\n# last\nC=5\n'))
    expect(unsetEnv(setEnv(windows(text), { C: '5' }), ['C'])).toBe(windows(text))
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.dictionary(key, value), (before, change) => {
        const lines = written(() => formatEnv(before))
        const changed = lines === undefined ? undefined : written(() => setEnv(lines, change))
        if (lines === undefined || changed === undefined) return true
        return setEnv(windows(lines), change).replaceAll('\r\n', '\n') === changed
      }),
      { numRuns: 500 },
    )
  })

  it('begins an empty file with the assignment', () => {
    expect(setEnv('', { A: '1' })).toBe('A=1\n')
  })
})
