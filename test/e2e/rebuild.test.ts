/** Rebuilding and rolling back an instance in a real window. */
import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { CliInstance } from '../support/cli-instance'
import type { LaunchedApp } from '../support/electron'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { answerOf, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let launched: LaunchedApp
let window: Page
let list: InstanceList
let school: CliInstance

async function launch(): Promise<void> {
  launched = await place.launch({ workspace: place.root })
  ;({ window } = launched)
  list = new InstanceList(window)
}

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true })
  school = await place.layOut('school')
  await cp(join(place.root, 'server/prisma'), join(school.server, 'prisma'), { recursive: true }) // the same schema
  await place.makeDatabase(school)
  await place.startByCli(school)
  await launch()
  await expect(list.row('school')).toContainText('Online')
})
test.afterAll(() => place.remove())

const code = (): Promise<string> => readFile(join(school.server, 'index.js'), 'utf8')

test('“Rebuild…” brings the new code, “Roll back…” the old one', async () => {
  await appendFile(join(place.root, 'server/index.js'), '\n// new\n')
  await writeFile(join(place.root, 'server/.env'), 'GREETING=hello\n')
  await list.act('school', 'Rebuild…')
  const dialog = window.getByRole('dialog', { name: 'Rebuild school' })
  await expect(dialog).toContainText('tried beside the running code first')
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(dialog).toContainText('The database and 7 settings')
  await dialog.getByRole('checkbox', { name: 'GREETING' }).check()
  await dialog.getByRole('button', { name: 'Rebuild', exact: true }).click()
  await expect(list.row('school')).toContainText('Rebuilding…')
  await expect(list.row('school')).toContainText('Online', { timeout: 60_000 })
  expect(await code()).toContain('// new')
  expect(await answerOf(school.port)).toBe('school hello')
  await list.act('school', 'Roll back…')
  await window.getByRole('dialog').getByRole('button', { name: 'Roll back', exact: true }).click()
  await expect.poll(code, { timeout: 60_000 }).not.toContain('// new')
  await expect(list.row('school')).toContainText('Online', { timeout: 60_000 })
  expect(await answerOf(school.port)).toContain('school')
})

test('up to date, it says so, and offers it all the same; Esc leaves', async () => {
  await list.act('school', 'Rebuild…')
  const dialog = window.getByRole('dialog', { name: 'Rebuild school' })
  await dialog.getByRole('button', { name: 'Rebuild', exact: true }).click()
  await expect.poll(code, { timeout: 60_000 }).toContain('// new')
  await expect(list.row('school')).toContainText('Online', { timeout: 60_000 })
  await list.act('school', 'Rebuild…')
  await expect(dialog).toContainText('already has the base application’s current code')
  await expect(dialog.getByRole('button', { name: 'Rebuild anyway' })).toBeEnabled()
  await window.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
})

test('an instance whose code is older says so, and offers it', async () => {
  await appendFile(join(place.root, 'server/index.js'), '\n// newer\n')
  await launched.kill()
  await launch() // it looks at its start, and then once a minute
  await list.row('school').getByRole('button', { name: 'Newer version available: rebuild school' }).click()
  await expect(window.getByRole('dialog', { name: 'Rebuild school' })).toBeVisible()
  await window.keyboard.press('Escape')
  await list.show('school')
  const status = window.getByRole('region', { name: 'Status' })
  await expect(status).toContainText('Newer version available')
  await status.getByRole('button', { name: 'Rebuild…' }).click()
  await window.getByRole('dialog').getByRole('button', { name: 'Rebuild', exact: true }).click()
  await expect.poll(code, { timeout: 60_000 }).toContain('// newer')
})

test('“Seamless rebuilds…” says what it asks of the application, and the instance’s page that it is so', async () => {
  await window.getByRole('navigation').getByRole('link', { name: 'Instances' }).click()
  await expect(list.row('school')).toContainText('Online', { timeout: 60_000 })
  await list.act('school', 'Seamless rebuilds…')
  const dialog = window.getByRole('dialog', { name: 'Make rebuilds of school seamless?' })
  await expect(dialog).toContainText('the application must be able to run twice')
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Make seamless' }).click()
  await expect(list.news('Rebuilds of “school” are seamless')).toBeVisible({ timeout: 60_000 })
  await list.show('school')
  await expect(window.getByText('Seamless: PM2’s daemon holds the port')).toBeVisible()
})
