/** PostgreSQL and PgBouncer in a real window: what each shows, each restarted and stopped alone, and why one is down. */
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import { changeInstanceConfig } from '../../src/main/workspace/instance-config'
import { workspacePaths } from '../../src/main/workspace/paths'
import type { CliInstance } from '../support/cli-instance'
import { beginLockWait, connectAs, loginOf } from '../support/instance-client'
import { until } from '../support/workspace'
import { ControlRoom } from './pages/control-room'
import { LogPane } from './pages/logs'
import { expect, test } from './support/fixtures'
import { answerOf, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let school: CliInstance
let window: Page
let room: ControlRoom

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true })
  school = await place.layOut('School')
  await place.makeDatabase(school)
  await changeInstanceConfig(join(school.folder, 'config.json'), it => ({ ...it, labels: { protected: true } }))
  await place.startByCli(school)
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
})
test.afterAll(() => place.remove())
test.beforeEach(() => room.go('Infrastructure'))

const region = (name: string): Locator => window.getByRole('main').getByRole('region', { name, exact: true })
const card = region
const tab = (name: string): Locator =>
  window.getByRole('navigation', { name: 'Infrastructure' }).getByRole('link', { name, exact: true })
const button = (name: string): Locator => window.getByRole('main').getByRole('button', { name, exact: true })

test('each shows how fast it answers, what it takes and how it is configured', async () => {
  for (const [name, setting] of [
    ['PostgreSQL', /Connections.*800/],
    ['PgBouncer', /Pool mode.*transaction/],
  ] as const) {
    await expect(card(name)).toContainText('Running')
    await expect(card(name)).toContainText(/Answers in.*\d ms.*Uptime.*\d (s|min).*Memory.*\d MB/)
    await expect(card(name)).toContainText(setting)
  }
  await expect(card('PostgreSQL')).toContainText(/embedded\/postgres.*\d MB/)
})

test('PgBouncer is restarted alone', async () => {
  const pid = await postmaster()
  await button('Restart PgBouncer…').click()
  const dialog = room.dialog('Restart PgBouncer?')
  await expect(dialog).toContainText('Running now: School.')
  await dialog.getByRole('button', { name: 'Restart PgBouncer' }).click()
  await expect(room.told('PgBouncer is running again.')).toBeVisible()
  await expect(card('PgBouncer')).toContainText('Running')
  expect(await postmaster()).toBe(pid)
  expect(await answerOf(school.port)).toContain('School')
})

test('a stop of PostgreSQL lists who loses it; instances stopped first are started again with it', async () => {
  await button('Stop PostgreSQL…').click()
  const dialog = room.dialog('Stop PostgreSQL?')
  await expect(dialog.getByRole('list', { name: 'These instances will lose their database' })).toHaveText(
    'School (protected)',
  )
  await dialog.getByRole('checkbox', { name: 'Stop this instance first' }).check()
  const stop = dialog.getByRole('button', { name: 'Stop PostgreSQL' })
  await expect(stop).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'Type School to confirm' }).fill('School')
  await stop.click()
  await expect(room.told('PostgreSQL is stopped.')).toBeVisible()
  await expect(card('PostgreSQL')).toContainText('Stopped')
  await expect(card('PgBouncer')).toContainText('Running')
  expect(await answerOf(school.port)).toBeUndefined()
  await expect(window.getByRole('main')).toContainText('School was stopped together with the infrastructure.')
  await button('Start both').click()
  await expect(room.told('The infrastructure is running.')).toBeVisible()
  await until(() => answerOf(school.port))
})

test('Connections: who waits for whom is shown without values; the connection in the way is terminated', async () => {
  const login = await loginOf(place.root, 'School')
  const [holder, waiter] = [await connectAs(login, place.ports.postgres), await connectAs(login, place.ports.postgres)]
  await tab('Connections').click()
  await expect(window.getByRole('figure', { name: 'Connections' })).toContainText(/\d+ of 790/)
  await expect(region('Longer than 30 s')).toContainText('No query has been running')
  const { ends } = await beginLockWait(holder, waiter)
  const locks = window.getByRole('table', { name: 'Waiting for locks' })
  await expect(locks).toContainText(/School.*INSERT INTO seats VALUES \(\?, \?\).*waits for School.*LOCK TABLE seats/)
  await expect(window.getByRole('table', { name: 'Instances’ databases' })).toContainText(/School\d.*1 active.*MB/)
  await locks.getByRole('button', { name: 'Terminate…' }).last().click()
  const dialog = room.dialog('Terminate this connection of School?')
  await expect(dialog).toContainText('LOCK TABLE seats')
  await expect(dialog.getByRole('button', { name: 'Keep running' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Terminate' }).click()
  await expect(window.getByRole('alert').filter({ hasText: 'The connection is terminated' })).toBeVisible()
  expect(await ends).toBe('done')
  await expect(locks).toBeHidden()
  await window.getByRole('button', { name: 'Tables of School…' }).click()
  await expect(room.dialog('Tables of School').getByRole('table')).toContainText('seats')
  await window.keyboard.press('Escape')
  await waiter.query('SELECT * FROM nothing').catch(() => undefined)
  const errors = region('PostgreSQL errors')
  await expect(async () => {
    await errors.getByRole('button', { name: 'Look again' }).click()
    await expect(errors).toContainText('relation "nothing" does not exist', { timeout: 1000 })
  }).toPass({ timeout: 30_000 }) // PostgreSQL answers before its collector has written the line
  await waiter.end()
})

test('Connections while PostgreSQL is stopped: says so, and goes on by itself once it runs', async () => {
  await button('Stop both…').click()
  const dialog = room.dialog('Stop PostgreSQL and PgBouncer?')
  await dialog.getByRole('textbox', { name: 'Type School to confirm' }).fill('School')
  await dialog.getByRole('button', { name: 'Stop both' }).click()
  await expect(room.told('The infrastructure is stopped.')).toBeVisible()
  await tab('Connections').click()
  await expect(room.problem('PostgreSQL isn’t answering')).toContainText('It isn’t running.')
  await button('Start both').click()
  await expect(room.told('The infrastructure is running.')).toBeVisible()
  await expect(window.getByRole('figure', { name: 'Connections' })).toBeVisible()
})

test('one that can’t start says why, with the last lines of its log, and is started from there', async () => {
  const { embedded } = workspacePaths(place.root)
  await appendFile(join(embedded, 'postgres', 'postgresql.conf'), 'shared_buffers = much\n')
  process.kill(await postmaster(), 'SIGKILL')
  await expect(card('PostgreSQL')).toContainText(/Restarting, attempt \d/)
  await expect(card('PostgreSQL').getByRole('figure')).toContainText('shared_buffers')
  await card('PostgreSQL').getByRole('button', { name: 'Start PostgreSQL', exact: true }).click() // writes its configuration anew
  await expect(room.told('PostgreSQL is running.')).toBeVisible()
  await expect(card('PostgreSQL')).toContainText('Running')
})

test('the log of each is on this page', async () => {
  for (const name of ['PostgreSQL', 'PgBouncer']) {
    await tab(`${name} log`).click()
    await expect(new LogPane(window, name).live).toContainText(/LOG|WARNING/)
  }
})

/** PostgreSQL's first process. */
const postmaster = async (): Promise<number> =>
  Number(
    (await readFile(join(workspacePaths(place.root).embedded, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
  )
