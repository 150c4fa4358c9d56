import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { RecentWorkspaces } from '../../../src/main/workspace/recent'
import { temporary } from '../temporary'

let folder: string, recent: RecentWorkspaces
beforeEach(async () => {
  folder = await temporary()
  recent = new RecentWorkspaces(join(folder, 'recent.json'))
})
const paths = async (): Promise<string[]> => (await recent.list()).map(it => it.path)

describe('RecentWorkspaces', () => {
  it('has the newest first, each once, and at most ten', async () => {
    for (let index = 0; index < 12; index++) await recent.add(`/w/${index}`)
    await recent.add('/w/5')
    expect(await paths()).toEqual([5, 11, 10, 9, 8, 7, 6, 4, 3, 2].map(it => `/w/${it}`))
  })

  it('says which are gone', async () => {
    await mkdir(join(folder, 'there'))
    for (const it of ['there', 'gone', 'recent.json']) await recent.add(join(folder, it))
    expect((await recent.list()).map(it => it.exists)).toEqual([false, false, true])
    await rm(join(folder, 'there'), { recursive: true })
    expect((await recent.list()).some(it => it.exists)).toBe(false)
  })

  it('does not wait for what does not answer, nor asks it twice, nor many like it', async () => {
    const asked: string[] = []
    const answers: ((found: boolean) => void)[] = []
    const slow = new RecentWorkspaces(join(folder, 'recent.json'), path => {
      asked.push(path)
      return path.startsWith('/dead') && asked.length < 3
        ? new Promise(resolve => {
            answers.push(resolve)
          })
        : Promise.resolve(true)
    })
    for (const it of ['/dead/3', '/fine', '/dead/2', '/dead/1']) await slow.add(it)
    const there = async () => (await slow.list()).filter(it => it.exists).map(it => it.path)
    expect(await there()).toEqual([]) // `/fine` is not asked any more once two hang
    expect(await there()).toEqual([])
    expect(asked).toEqual(['/dead/1', '/dead/2'])
    answers[1]?.(true)
    await new Promise(setImmediate)
    expect(await there()).toEqual(['/dead/2', '/fine', '/dead/3']) // what still hangs is not asked
    expect(await Promise.all([there(), there()])).toEqual(
      Array.from({ length: 2 }, () => ['/dead/2', '/fine', '/dead/3']),
    )
  })

  it('forgets', async () => {
    await recent.add('/a')
    await recent.add('/b')
    await recent.forget('/a')
    await recent.forget('/never')
    expect(await paths()).toEqual(['/b'])
  })

  it.each(['', 'nonsense', '{}', '[{"path":1}]'])(
    'takes an unreadable file (%j) for empty, and goes on',
    async text => {
      await writeFile(join(folder, 'recent.json'), text)
      expect(await paths()).toEqual([])
      await recent.add('/a')
      expect(await paths()).toEqual(['/a'])
    },
  )
})
