/** The health report in a real window: an instance that somebody broke by hand is fixed by clicks. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { ControlRoom } from './pages/control-room'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page
let room: ControlRoom

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true, create: ['school'] })
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
})
test.afterAll(() => place.remove())

const env = (): string => join(place.root, 'instances/school/server/.env')
const verdict = () => window.getByRole('status').filter({ hasText: /fine|wrong/ })
const wrong = () => window.getByRole('region', { name: 'Problems' })

test('all is well: one calm line, and how much was checked', async () => {
  await room.navigation.getByRole('link', { name: 'Health' }).click()
  await room.title('Health report').waitFor()
  await expect(verdict()).toContainText('Everything is fine.', { timeout: 30_000 })
  await expect(wrong()).toBeHidden()
  const table = window.getByRole('table', { name: 'Checks' })
  await expect(table.getByRole('row').filter({ hasText: 'school' })).toContainText('3 good')
  await expect(window.getByRole('button', { name: 'Apply all safe fixes' })).toBeHidden()
})

test('a password changed in PostgreSQL and a port changed in .env are found, and fixed one by one', async () => {
  const text = await readFile(env(), 'utf8')
  await place.sql(`ALTER ROLE school_user PASSWORD 'changed-by-hand'`)
  await writeFile(env(), text.replace(/^PORT=.*$/m, 'PORT=1'))
  await window.getByRole('button', { name: 'Check again' }).click()
  await expect(verdict()).toContainText('2 things are wrong with school.', { timeout: 30_000 })
  await expect(wrong()).toContainText('PostgreSQL refuses the password of school_user')
  await expect(wrong()).toContainText('PORT differs from config.json.')
  await wrong().getByRole('button', { name: 'Rewrite .env (school)' }).click()
  await expect(verdict()).toContainText('One thing is wrong with school.', { timeout: 30_000 })
  expect(await readFile(env(), 'utf8')).toBe(text)
  await wrong().getByRole('button', { name: 'Reset the password (school)' }).click()
  await expect(verdict()).toContainText('Everything is fine.', { timeout: 30_000 })
})

test('“Apply all safe fixes” does the same with one click; from the instance’s page, one that costs something asks', async () => {
  const text = await readFile(env(), 'utf8')
  await place.sql(`ALTER ROLE school_user PASSWORD 'changed-by-hand'`)
  await writeFile(env(), text.replace(/^INSTANCE_NAME=.*$/m, 'INSTANCE_NAME=other'))
  await window.getByRole('button', { name: 'Check again' }).click()
  await expect(wrong()).toContainText('INSTANCE_NAME', { timeout: 30_000 })
  await window.getByRole('button', { name: 'Apply all safe fixes' }).click()
  await expect(verdict()).toContainText('Everything is fine.', { timeout: 30_000 })
  expect(await readFile(env(), 'utf8')).toBe(text)

  await place.killDaemon()
  await window.getByRole('table', { name: 'Checks' }).getByRole('link', { name: 'school' }).click()
  await room.title('Health of school').waitFor()
  await wrong().getByRole('button', { name: 'Take it over… (school)' }).click({ timeout: 30_000 })
  const question = room.dialog('Take it over?')
  await expect(question).toContainText('briefly unavailable')
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await question.getByRole('button', { name: 'Take it over' }).click()
  await expect(verdict()).toContainText('Everything is fine.', { timeout: 30_000 })
})
