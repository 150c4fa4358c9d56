import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Secrets } from '../../../src/main/workspace/secrets'
import { obeyedFlips } from '../flips'
import { temporary } from '../temporary'

let path: string, secrets: Secrets
beforeEach(async () => {
  path = join(await temporary(), 'secrets.json')
  secrets = new Secrets(path)
})

describe('Secrets', () => {
  it('keeps what was set, for the next process too', async () => {
    await secrets.setAll({ a: '1' })
    expect(await new Secrets(path).get('a')).toBe('1')
    expect(await secrets.get('b')).toBeUndefined()
  })

  it('closed, has written what was asked for before, and writes no more', async () => {
    const setting = secrets.setAll({ a: '1' })
    await secrets.close()
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ content: { a: '1' } })
    await setting
    await expect(secrets.forget('a')).rejects.toThrow('closed')
    expect(await secrets.get('a')).toBe('1')
  })

  it('loses no change of many at once', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `key-${index}`)
    await Promise.all([
      ...names.map(it => secrets.setAll({ [it]: it })),
      secrets.forget('key-0'),
      secrets.setAll({ x: 'X', y: 'Y' }),
    ])
    expect((await new Secrets(path).keys()).toSorted()).toEqual([...names.slice(1), 'x', 'y'].toSorted())
  })

  it('reads what was asked to be written before', async () => {
    const written = secrets.setAll({ a: '1' })
    expect(await secrets.get('a')).toBe('1')
    await written
  })

  it('makes a secret once, also for those who ask at once', async () => {
    let made = 0
    const make = (): string => `made-${++made}`
    expect(await Promise.all([secrets.ensure('a', make), secrets.ensure('a', make)])).toEqual(['made-1', 'made-1'])
    expect(await secrets.ensure('a', make)).toBe('made-1')
    expect(await secrets.get('a')).toBe('made-1')
  })

  it('can be read by its user only, also after a change', async () => {
    for (const value of ['1', '2']) {
      await secrets.setAll({ a: value })
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
  })

  it('may be large; a change that would make it unreadable is refused, and nothing is lost', async () => {
    await secrets.setAll({ large: 'x'.repeat(2 << 20), a: '1' })
    await expect(secrets.setAll({ larger: 'x'.repeat(64 << 20) })).rejects.toMatchObject({
      problem: { code: 'file-too-large' },
    })
    expect(await secrets.keys()).toEqual(['large', 'a'])
    await secrets.setAll({ b: '2' })
  })

  it('refuses a broken file, leaves it, quotes none of it, and goes on when it is repaired', async () => {
    await writeFile(path, '{"a":"canary')
    const failure = await secrets.setAll({ b: '2' }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ problem: { code: 'file-corrupt' } })
    expect(JSON.stringify(failure)).not.toContain('canary')
    expect(await readFile(path, 'utf8')).toBe('{"a":"canary')
    await writeFile(path, '{"a":"1"}') // as 0.1 wrote it
    await secrets.setAll({ b: '2' })
    expect(await secrets.keys()).toEqual(['a', 'b'])
  })

  it('no flipped bit in the file is believed: it is refused, or the secrets are the very same', async () => {
    await secrets.setAll({ 'infrastructure.admin': 'Zq81LmN0', 'create:1:jwt': 'x y"ü' })
    expect(await obeyedFlips(path, () => new Secrets(path).all())).toEqual([])
  })

  it('changed by hand, says how to go on', async () => {
    await secrets.setAll({ a: '1' })
    await writeFile(path, (await readFile(path, 'utf8')).replace('"1"', '"2"'))
    await expect(secrets.get('a')).rejects.toMatchObject({
      problem: {
        code: 'file-corrupt',
        cause: expect.stringContaining('checksum') as string,
        hint: expect.stringMatching(/backup.*only what is in “content”/s) as string,
      },
    })
  })
})
