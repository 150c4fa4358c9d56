/**
 * What happens to processes behind the app's back, in a real window: ended for good, lost by PM2, gone after a reboot.
 * PostgreSQL is not needed for it.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { portHolders } from '../../src/main/system/sockets'
import type { CliInstance } from '../support/cli-instance'
import type { LaunchedApp } from '../support/electron'
import { startOldDaemon } from '../support/pm2'
import { InstanceList } from './pages/instances'
import { violations } from './support/accessible'
import { expect, test } from './support/fixtures'
import { answerOf, kill9, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let launched: LaunchedApp
let window: Page
let list: InstanceList

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true })
  await place.layOut('resting')
  await place.killDaemon().catch(() => undefined) // none may have been started
  await startOldDaemon(join(place.home.path, '.pm2'))
  launched = await place.launch({ workspace: place.root })
  window = launched.window
  list = new InstanceList(window)
  await expect(list.row('resting')).toBeVisible()
})
test.afterAll(() => place.remove())
test.beforeEach(async () => {
  await window.reload()
  await list.room.go('Instances')
})

const pidOf = async (name: string): Promise<number> => {
  const [pid] = await place.pidsOf(name)
  if (pid === undefined) throw new Error(`${name} does not run`)
  return pid
}

/** A new instance that is online. */
async function running(name: string): Promise<CliInstance> {
  const its = await place.layOut(name)
  await list.button('Start', name).click()
  await expect(list.row(name)).toContainText('Online')
  return its
}

/** A new instance of which PM2 knows nothing any more. */
async function lost(name: string): Promise<CliInstance & { readonly pid: number }> {
  const its = await running(name)
  const pid = await pidOf(name)
  await place.killDaemon()
  await expect(list.banner('PM2 was restarted; one instance is still running without it.')).toContainText(
    `${name} (pid ${pid}).`,
  )
  await expect(list.row(name)).toContainText('Not in PM2')
  expect(await answerOf(its.port)).toContain(name) // it serves on meanwhile
  return { ...its, pid }
}

interface Told {
  readonly title: string
  readonly body?: string
}

/** In the place of the browser's notifications: no test can see the desktop. Until the page is loaded anew. */
async function listenToNotifications(): Promise<void> {
  expect(await window.evaluate(() => Notification.permission)).toBe('granted')
  await window.evaluate(() => {
    const told: { title: string; body?: string; click: () => void }[] = []
    class Stand extends EventTarget {
      static readonly permission = 'granted'
      constructor(title: string, { body }: { body?: string } = {}) {
        super()
        told.push({ title, ...(body !== undefined && { body }), click: () => this.dispatchEvent(new Event('click')) })
      }
    }
    Object.assign(globalThis, { Notification: Stand, told })
  })
}
const notifications = (): Promise<Told[]> =>
  window.evaluate(() =>
    (globalThis as unknown as { told: Told[] }).told.map(({ title, body }) => ({
      title,
      ...(body !== undefined && { body }),
    })),
  )
const clickNotification = (): Promise<void> =>
  window.evaluate(() => (globalThis as unknown as { told: { click: () => void }[] }).told[0]?.click())

/** Gives an instance a package that was compiled for Node.js 18. @returns the compiled file */
async function compiledForAnother({ folder, server }: CliInstance): Promise<string> {
  const config = join(folder, 'config.json')
  const fingerprint = 'f'.repeat(32)
  await writeFile(config, JSON.stringify({ ...JSON.parse(await readFile(config, 'utf8')), release: fingerprint }))
  const part = (name: string): string => `${name}-of-${fingerprint}`
  const release = {
    fingerprint,
    nodeMajor: '18',
    prepared: new Date().toISOString(),
    parts: { packages: part('packages'), generated: part('generated'), build: part('build') },
    clientPackages: part('packages'),
  }
  const releases = join(place.root, '.instance-manager/releases', fingerprint)
  await mkdir(releases, { recursive: true })
  await writeFile(join(releases, 'release.json'), JSON.stringify(release))
  const addon = join(server, 'node_modules/fast-hash/hash.node')
  await mkdir(join(addon, '..'), { recursive: true })
  await writeFile(addon, Buffer.from('\x7fELF node_register_module_v108\0', 'latin1'))
  return addon
}

test('PM2 is still an older version’s: before the process manager is restarted, instances that must be rebuilt first are named', async () => {
  const addon = await compiledForAnother(await running('compiled'))
  const dialog = list.room.dialog('Restart the process manager?')
  const restart = list.banner('Restart the process manager').getByRole('button', { name: 'Restart…' })
  await restart.click()
  await expect(dialog).toContainText('“compiled” must first be rebuilt for the current version of Node.js.')
  expect(await violations(window)).toEqual([])
  await window.keyboard.press('Escape')
  await rm(addon)
  await restart.click()
  await expect(dialog).toContainText('Running instances restart one after the other')
  await expect(dialog.getByText('must first be rebuilt')).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Not now' }).click()
  await list.act('compiled', 'Stop')
  await expect(list.row('compiled')).toContainText('Stopped')
})

test('PM2 is still an older version’s: restarting the process manager restarts the instance under the new one', async () => {
  const { name, port } = await running('upgraded')
  const before = await pidOf(name)
  const notice = list.banner('Restart the process manager to use the new version.')
  await expect(notice).toContainText(/PM2 6\.0\.1 is still running; \S+ is installed\./)
  await notice.getByRole('button', { name: 'Restart…' }).click()
  await list.room.dialog('Restart the process manager?').getByRole('button', { name: 'Restart it' }).click()
  await expect(notice).toHaveCount(0)
  await expect(list.news('The process manager was restarted')).toBeVisible()
  await expect(list.row(name)).toContainText('Online')
  expect(await pidOf(name)).not.toBe(before)
  expect(await answerOf(port)).toContain(name)
  await expect(notice).toHaveCount(0)
  await list.act(name, 'Stop')
  await expect(list.row(name)).toContainText('Stopped')
})

test("a process that is killed: PM2 starts it again; one that cannot start any more turns red, and the hidden window's operator is told", async () => {
  const its = await running('frail')
  const pid = await pidOf('frail')
  await kill9(pid)
  await expect(list.row('frail').getByRole('cell').nth(4)).toHaveText('1') // restarts
  await expect(list.row('frail')).toContainText('Online')
  await expect.poll(async () => (await place.pidsOf('frail')).filter(it => it !== pid)).toHaveLength(1)

  await expect.poll(() => answerOf(its.port)).toContain('frail') // it has read its file
  await listenToNotifications()
  await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.hide())
  await writeFile(join(its.server, 'index.js'), 'throw new Error("the disk is full")')
  await kill9(await pidOf('frail'))
  await expect(list.row('frail')).toContainText('Errored', { timeout: 120_000 })
  await expect(list.row('frail')).toHaveAttribute('data-status', 'errored')
  await expect(list.row('frail').locator('svg').first()).toHaveCSS('color', 'rgb(192, 47, 47)') // red
  await expect(list.filter('Errored')).toContainText('1')
  const gaveUp = { title: 'frail: errored', body: 'It kept crashing right after starting, so PM2 gave up.' }
  await expect.poll(async () => (await notifications()).at(-1)).toEqual(gaveUp)
  expect((await notifications()).length).toBeLessThanOrEqual(2) // it was unstable before
  await launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.show())
  await clickNotification()
  await expect(list.room.title('frail')).toBeVisible()

  await list.room.go('Instances')
  const down = list.banner('frail is down.')
  await down.getByRole('link', { name: 'Why?' }).click()
  await expect(window.getByRole('main')).toContainText('the disk is full')
  await list.room.go('Instances')
  await list.act('frail', 'Stop')
  await expect(list.row('frail')).toContainText('Stopped')
  await expect(down).toHaveCount(0) // given up by the operator
})

test("PM2's daemon is killed: said so; taking over ends the lost process first, and one new one has the port", async () => {
  const { name, port, pid } = await lost('adopted')
  await list
    .banner(/still running without it/)
    .getByRole('button', { name: 'Take over' })
    .click()
  await expect(list.report).toContainText('Restarted 1 of 1.')
  await expect(list.row(name)).toContainText('Online')
  await expect(list.banner(/still running without it/)).toHaveCount(0)
  const pids = await place.pidsOf(name)
  expect(pids).toHaveLength(1)
  expect(pids).not.toContain(pid)
  expect((await portHolders(port)).map(it => it.pid)).toEqual(pids)
  expect(await answerOf(port)).toContain(name)
  await list.button('Stop', name).click()
  await expect(list.row(name)).toContainText('Stopped')
})

test("PM2's daemon is killed: the lost process is ended on the operator's word, and not missed", async () => {
  const { name, port } = await lost('let-go')
  await list
    .banner(/still running without it/)
    .getByRole('button', { name: 'Stop it' })
    .click()
  await expect(list.banner(/still running without it/)).toHaveCount(0)
  await expect(list.row(name)).toContainText('Not in PM2')
  await expect.poll(async () => [await place.pidsOf(name), await answerOf(port)]).toEqual([[], undefined])
  await expect(list.banner(/down/)).toHaveCount(0)
})

test('a restart that fails: the instance is down, in red, until it runs again', async () => {
  const { server } = await running('broken')
  const index = join(server, 'index.js')
  const good = await readFile(index, 'utf8')
  await writeFile(index, 'throw new Error("I cannot go on")')
  await list.act('broken', 'Restart')
  const notice = list.news('“broken” is down')
  await expect(notice).toBeVisible({ timeout: 120_000 })
  await expect(notice.getByRole('link', { name: 'Show' })).toBeVisible()
  await expect(notice).toHaveCSS('--notification-color', /c02f2f/)
  const down = list.banner('broken is down.')
  await expect(down.locator('svg').first()).toHaveCSS('color', 'rgb(192, 47, 47)')
  await down.getByRole('link', { name: 'Why?' }).click()
  await expect(list.room.title('“broken” is down')).toBeVisible()
  await expect(window.getByRole('main')).not.toContainText('rolled back')
  await writeFile(index, good)
  await list.room.go('Instances')
  await down.getByRole('button', { name: 'Restart' }).click()
  await expect(list.row('broken')).toContainText('Online')
  await expect(down).toHaveCount(0)
  await expect(notice).toHaveCount(0)
})

test("the boot time is changed on the instance's page, with the keyboard; what is wrong is said beside the field", async () => {
  const config = async (): Promise<unknown> =>
    (
      JSON.parse(await readFile(join(place.root, 'instances', 'resting', 'config.json'), 'utf8')) as {
        bootSeconds?: number
      }
    ).bootSeconds
  await list.show('resting')
  const change = window.getByRole('button', { name: 'Change the boot time…' })
  const [dialog, shown] = [
    list.room.dialog('Change the boot time of resting'),
    window.getByRole('main').getByText(/^Up to \d+ s/),
  ]
  const standard = await shown.innerText()
  await change.press('Enter')
  const seconds = dialog.getByRole('textbox', { name: 'Boot time, in seconds' })
  await expect(seconds).toBeFocused()
  await expect(dialog).toContainText('from its next start')
  for (const [typed, why] of [
    ['', 'Enter a number'],
    ['0', 'At least 1'],
    ['3601', 'At most 3600'],
    ['1.5', 'whole number'],
  ] as const) {
    await seconds.fill(typed)
    await seconds.press('Enter')
    await expect(seconds).toHaveAccessibleDescription(new RegExp(why))
  }
  expect(await config()).toBeUndefined()
  await seconds.fill('180')
  await seconds.press('Enter')
  await expect(dialog).toBeHidden()
  await expect(shown).toHaveText('Up to 180 s')
  await expect(change).toBeFocused()
  expect(await config()).toBe(180)
  await change.click()
  await dialog.getByRole('button', { name: /^Use the default/ }).click()
  await expect(shown).toHaveText(standard)
  expect(await config()).toBeUndefined()
})

test('after a reboot: those that ran are named, and started with a click; nobody else is', async () => {
  const ran = [await running('reboot-1'), await running('reboot-2')]
  await place.killDaemon() // first, or it starts them again
  for (const { name } of ran) for (const pid of await place.pidsOf(name)) await kill9(pid)
  const banner = list.banner('2 instances are down.')
  await expect(banner).toContainText('reboot-1, reboot-2')
  await banner.getByRole('button', { name: 'Restart them' }).click()
  await expect(list.report).toContainText('Restarted 2 of 2.')
  for (const { name, port } of ran) {
    await expect(list.row(name)).toContainText('Online')
    expect(await answerOf(port)).toContain(name)
  }
  await expect(banner).toHaveCount(0)
  await expect(list.row('resting')).toContainText('Not in PM2')
})
