/** The limits of an instance, and the settings of both services, in a real window. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { connectAs, loginOf } from '../support/instance-client'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page
let list: InstanceList

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true, create: ['school'] })
  ;({ window } = await place.launch({ workspace: place.root }))
  list = new InstanceList(window)
})
test.afterAll(() => place.remove())

const ownLimits = async (): Promise<unknown> =>
  (JSON.parse(await readFile(join(place.root, 'instances/school/config.json'), 'utf8')) as { limits?: unknown }).limits
const field = (name: string | RegExp) => window.getByRole('dialog').getByRole('textbox', { name })

test('limits: a wrong value, a refusal, a change, and the defaults again', async () => {
  await list.show('school')
  const facts = window.getByRole('main')
  await expect(facts).toContainText('a pool of 5, the defaults')
  await window.getByRole('button', { name: 'Change the limits…' }).click()
  const dialog = list.room.dialog('Change the limits of school')
  await expect(field('Connections')).toBeFocused()
  const change = dialog.getByRole('button', { name: 'Change', exact: true })
  await expect(change).toBeDisabled()

  await field('Pool size').fill('900')
  await expect(field('Pool size')).toHaveAccessibleDescription(/from 1 to 200/)
  await field('Pool size').fill('60')
  await field('Connections').fill('20')
  await change.click()
  await expect(field('Connections')).toHaveAccessibleDescription(/A pool of 60 needs at least 65 connections\./)

  await field('Connections').fill('')
  await field('Statement timeout, in seconds').fill('30')
  await field('Statement timeout, in seconds').press('Enter')
  await expect(facts).toContainText('a pool of 60, statement timeout 30 s')
  expect(await ownLimits()).toEqual({ pool: 60, statementSeconds: 30 })

  await window.getByRole('button', { name: 'Change the limits…' }).click()
  await expect(field('Pool size')).toHaveValue('60')
  await dialog.getByRole('button', { name: 'Use the defaults' }).click()
  await change.click()
  await expect(facts).toContainText('a pool of 5, the defaults')
  expect(await ownLimits()).toBeUndefined()
})

test('a machine without a network is no reason to wait', async () => {
  const context = window.context()
  await context.setOffline(true)
  try {
    await expect.poll(() => window.evaluate(() => navigator.onLine)).toBe(false)
    await list.room.go('Instances')
    await list.act('school', 'Change limits…')
    await expect(field('Pool size')).toBeVisible()
    await window.keyboard.press('Escape')
  } finally {
    await context.setOffline(false)
  }
})

test('settings of PostgreSQL: what a change costs, a wrong value, a proposal, and a restart with it', async () => {
  await list.room.go('Infrastructure')
  await window.getByRole('button', { name: 'Settings of PostgreSQL…' }).click()
  const dialog = list.room.dialog('Settings of PostgreSQL')
  const connections = field('Connections')
  await expect(connections).toBeFocused()
  await expect(connections).toHaveValue('800')
  await connections.fill('9')
  await expect(connections).toHaveAccessibleDescription(/from 150 to 5,000/)
  await connections.fill('400')
  await field('Memory per sort, in MB').fill('9')
  await expect(dialog).toContainText('Running now: school.')
  await dialog.getByRole('button', { name: 'Change and restart' }).click()
  const card = window.getByRole('main').getByRole('region', { name: 'PostgreSQL', exact: true })
  await expect(card).toContainText(/Connections.*400/, { timeout: 60_000 })
  await expect(card).toContainText(/Memory per sort.*9 MB/)
  await expect(card).toContainText('Running')
})

test('tables: rows a page at a time, a whole value, nothing that is a secret', async () => {
  const client = await connectAs(await loginOf(place.root, 'school'), place.ports.postgres)
  await client.query(`
    CREATE TABLE pupils (id int PRIMARY KEY, name text, born date, story text, password text);
    INSERT INTO pupils SELECT n, 'Pupil ' || n, CASE WHEN n > 1 THEN date '2015-01-01' + n END,
      CASE WHEN n = 1 THEN repeat('Once upon a time. ', 50) END, 'hunter2' FROM generate_series(1, 150) AS n;
    CREATE TABLE rooms (name text)`)
  await client.end()
  await list.room.go('Instances')
  await list.show('school')
  const main = window.getByRole('main')
  await main.getByRole('link', { name: 'Tables' }).click()
  const table = main.getByRole('table', { name: 'pupils' })
  await expect(table.getByRole('columnheader')).toHaveText([
    'idinteger, primary key',
    'nametext',
    'borndate',
    'storytext',
    'passwordtext',
  ])
  await expect(table.getByRole('row').nth(1)).toContainText('Pupil 1NULLOnce upon')
  await expect(table).not.toContainText('hunter2')
  await expect(main.getByRole('status')).toHaveText('Rows 1 to 100')

  await table.getByRole('button', { name: /^Show the full value of story/ }).press('Enter')
  await expect(window.getByRole('dialog', { name: 'story' })).toContainText('Once upon a time. '.repeat(50).trim())
  await window.keyboard.press('Escape')

  await main.getByRole('button', { name: 'Next' }).click()
  await expect(table.getByRole('row').nth(1)).toContainText('Pupil 101')
  await expect(main.getByRole('status')).toHaveText('Rows 101 to 150')
  await expect(main.getByRole('button', { name: 'Next' })).toBeFocused() // though it leads no further
  await main.getByRole('button', { name: 'Previous' }).click()
  await expect(table.getByRole('row').nth(1)).toContainText('Pupil 1NULL')

  await main.getByRole('navigation', { name: 'Tables' }).getByRole('button', { name: 'rooms' }).click()
  await expect(main.getByRole('status')).toHaveText('No rows')
})
