import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { mostViews, type SavedView } from '../../../src/shared/saved-views'
import { SavedViews } from '../../../src/main/workspace/saved-views'
import { temporary } from '../temporary'

async function first(views: SavedViews): Promise<readonly SavedView[] | undefined> {
  for await (const it of views.watch(new AbortController().signal)) return it
  return undefined
}

it('keeps views by name, unique regardless of case, for whoever opens the workspace next', async () => {
  const path = join(await temporary(), 'views.json')
  const views = new SavedViews(path)
  const names = ['Trial', 'down', 'TRIAL']
  await Promise.all(names.map((name, index) => views.save({ name, arrangement: `find=${index}` })))
  expect(await first(new SavedViews(path))).toEqual([
    { name: 'down', arrangement: 'find=1' },
    { name: 'TRIAL', arrangement: 'find=2' },
  ])
  await views.remove('trial')
  expect(await first(views)).toEqual([{ name: 'down', arrangement: 'find=1' }])
})

it('refuses more than fit, and changes nothing', async () => {
  const path = join(await temporary(), 'views.json')
  const full = Array.from({ length: mostViews }, (_, index) => ({ name: `view ${index}`, arrangement: '' }))
  await writeFile(path, JSON.stringify(full))
  const views = new SavedViews(path)
  await expect(views.save({ name: 'one more', arrangement: '' })).rejects.toMatchObject({
    problem: { code: 'too-many-views' },
  })
  await views.save({ name: 'View 1', arrangement: 'find=x' })
  expect(await first(views)).toHaveLength(mostViews)
})
