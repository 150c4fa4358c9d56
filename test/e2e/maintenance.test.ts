/** Maintenance of the databases in a real window: its schedule, a run with its results, and a cancel. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { connectAs, loginOf } from '../support/instance-client'
import { ControlRoom } from './pages/control-room'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page
let room: ControlRoom

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true, create: ['annex', 'school'] })
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
  await room.go('Infrastructure')
  await window.getByRole('main').getByRole('link', { name: 'Maintenance' }).click()
})
test.afterAll(() => place.remove())

const main = () => window.getByRole('main')
const rowOf = (name: string) =>
  window.getByRole('table', { name: 'Results of maintenance' }).getByRole('row', { name: new RegExp(`^${name} `) })
const asSchool = async () => connectAs(await loginOf(place.root, 'school'), place.ports.postgres)

test('the schedule is chosen with the keyboard, kept, and shown', async () => {
  await expect(main()).toContainText('Doesn’t run automatically')
  await expect(rowOf('school')).toContainText('not yet')
  const [day, hour] = [
    main().getByRole('combobox', { name: 'Day' }),
    main().getByRole('combobox', { name: 'Begins at' }),
  ]
  await expect(hour).toBeDisabled()
  await day.focus()
  await window.keyboard.press('Enter')
  await window.getByRole('option', { name: 'Every Wednesday' }).click()
  await hour.click()
  await window.getByRole('option', { name: /^0?4:00( AM)?$/ }).click()
  await main().getByRole('button', { name: 'Save' }).press('Enter')
  await expect(main().getByRole('status')).toContainText('Saved')
  await expect(main().getByRole('heading', { name: /^Next run: Wednesday/ })).toBeVisible()
  const settings = JSON.parse(await readFile(join(place.root, '.instance-manager/settings.json'), 'utf8')) as object
  expect(settings).toMatchObject({ maintenance: { day: 'wednesday', hour: 4 } })
})

test('a run shows what it did to each instance, and why one failed', async () => {
  const client = await asSchool()
  await client.query(`CREATE TABLE pupils (id int PRIMARY KEY) WITH (autovacuum_enabled = false);
    INSERT INTO pupils SELECT generate_series(1, 100000); DELETE FROM pupils WHERE id % 20 <> 0`)
  await client.end()
  await place.sql('DROP DATABASE annex_db WITH (FORCE)')
  await main().getByRole('button', { name: 'Run now' }).click()
  await expect(rowOf('school')).toContainText(/95,000 → 0.*1.*freed/)
  await expect(rowOf('annex')).toContainText('The database annex_db doesn’t exist.')
  await expect(main().getByRole('button', { name: 'Run now' })).toBeVisible()
  await rowOf('school').getByRole('link').click()
  await expect(main()).toContainText('The database of “school” was maintained.')
  await expect(main()).toContainText('Rebuild bloated indexes')
})

test('a run in progress is shown and can be stopped; the instance is usable meanwhile', async () => {
  const client = await asSchool()
  await client.query(
    'BEGIN; CREATE TABLE notes (id int); INSERT INTO notes VALUES (1); COMMIT; BEGIN; LOCK TABLE notes',
  )
  await room.go('Infrastructure')
  await main().getByRole('link', { name: 'Maintenance' }).click()
  await main().getByRole('button', { name: 'Run now' }).click()
  const running = main().getByRole('region', { name: 'Run in progress' })
  await expect(running).toContainText('1 of 2 done. school: Vacuum and analyze, notes (')
  await running.getByRole('button', { name: 'Cancel…' }).click()
  const question = room.dialog('Cancel maintaining all databases?')
  await expect(question).toContainText('What is already done stays done.')
  await question.getByRole('button', { name: 'Stop maintenance' }).click()
  await expect(rowOf('school')).toContainText('Maintenance was stopped part-way')
  await client.end()
})
