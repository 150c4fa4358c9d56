/** Several instances are rebuilt in a real window: chosen by hand, and all that are outdated. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

const names = ['hill-school', 'lake-school', 'port-school']
let place: TinyHome
let window: Page
let list: InstanceList
let code: string
let version = 0

const setBase = (fails = ''): Promise<void> =>
  writeFile(
    join(place.root, 'server/index.js'),
    `${code}\nif (name === '${fails}') process.exit(3)\n// version ${++version}\n`,
  )
const versions = (): Promise<number[]> =>
  Promise.all(
    names.map(async it =>
      Number(
        /version (\d+)/.exec(await readFile(join(place.root, 'instances', it, 'server/index.js'), 'utf8'))?.[1] ?? 0,
      ),
    ),
  )

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true })
  code = await readFile(join(place.root, 'server/index.js'), 'utf8')
  const all = await Promise.all(names.map(it => place.layOut(it)))
  for (const it of all) await place.makeDatabase(it)
  if (all[0]) await place.startByCli(all[0])
  await setBase()
  ;({ window } = await place.launch({ workspace: place.root }))
  list = new InstanceList(window)
  await expect(list.row('hill-school')).toContainText('Online')
})
test.afterAll(() => place.remove())

test('the chosen ones: a stopped canary is suggested, and each gets the new code', async () => {
  await window.getByRole('checkbox', { name: 'Select all' }).check()
  await list.chosen.getByRole('button', { name: 'Rebuild…' }).click()
  const dialog = window.getByRole('dialog', { name: 'Rebuild 3 instances' })
  await expect(dialog.getByRole('combobox', { name: 'Canary' })).toHaveValue('lake-school (Not in PM2)')
  await expect(dialog).toContainText('hill-school and port-school')
  await expect(dialog).toContainText('As long as the application takes to start: hill-school.')
  const atOnce = dialog.getByRole('textbox', { name: 'At once' })
  await atOnce.fill('0')
  await expect(dialog).toContainText('At least 1.')
  await atOnce.fill('2')
  await dialog.getByRole('button', { name: 'Rebuild 3' }).click()
  await expect(dialog).toContainText('Choose one.') // these instances know of no schema
  await dialog.getByRole('radio', { name: 'Change the databases’ schemas' }).check()
  const rehearsals = dialog.getByRole('list', { name: 'Rehearsals' })
  await expect(rehearsals).toContainText('This rebuild can’t change the database’s schema.') // they have no schema file
  await expect(dialog.getByRole('button', { name: 'Rebuild 3' })).toBeDisabled()
  await dialog.getByRole('radio', { name: 'Leave the databases as they are' }).check()
  await dialog.getByRole('button', { name: 'Rebuild 3' }).click()
  await expect(list.report).toContainText('Rebuilt 3 of 3.', { timeout: 120_000 })
  expect(await versions()).toEqual([1, 1, 1])
})

test('all that are outdated: the canary fails, and it is said who was left alone', async () => {
  await setBase('lake-school')
  await list.act('hill-school', 'Restart') // what is outdated is looked up again after a job
  await list.filter('Outdated').click()
  await window.getByRole('button', { name: 'Rebuild all…' }).click()
  const dialog = window.getByRole('dialog', { name: 'Rebuild 3 instances' })
  await dialog.getByRole('radio', { name: 'Leave the databases as they are' }).check() // the rebuild before left it
  await dialog.getByRole('button', { name: 'Rebuild 3' }).click()
  await expect(list.report).toContainText('Rebuilt 0 of 3, 1 failed, 2 left alone.', { timeout: 120_000 })
  await expect(list.notDone.first()).toContainText('lake-school')
  await expect(list.notDone.nth(1)).toContainText('the rebuild of “lake-school” failed')
  expect(await versions()).toEqual([1, 1, 1])
})
