/**
 * The list of instances in a real window: run, stop, switch and change ports, delete, find; for one and for many, on
 * real processes.
 */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { changeInstanceConfig } from '../../src/main/workspace/instance-config'
import type { LaunchedApp } from '../support/electron'
import type { CliInstance } from '../support/cli-instance'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { answerOf, configOf, envOf, filesOf, foreignServer, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let launched: LaunchedApp
let window: Page
let list: InstanceList
let byHand: CliInstance
let left: Record<string, string>

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true })
  byHand = await place.layOut('By-Hand')
  await place.makeDatabase(byHand)
  await place.startByCli(byHand)
  left = await filesOf(byHand)
  await open()
})
test.afterAll(() => place.remove())
test.beforeEach(async () => {
  // Forgets what was reported, how the list was filtered, and what was chosen.
  await window.evaluate(() => {
    sessionStorage.clear()
    history.replaceState(null, '', location.pathname)
  })
  await window.reload()
  await list.room.go('Instances')
})

async function open(): Promise<void> {
  launched = await place.launch({ workspace: place.root })
  window = launched.window
  list = new InstanceList(window)
}

/** Several at once, one after the other in the list. */
const layOutAll = (...names: readonly string[]): Promise<CliInstance[]> =>
  Promise.all(names.map(it => place.layOut(it)))
const online = (name: string): Promise<void> => expect(list.row(name)).toContainText('Online')
const stopped = (name: string): Promise<void> => expect(list.row(name)).toContainText('Stopped')

test('an instance of the older tool: shown as it is, stopped, started, moved; no file of it was touched before', async () => {
  await expect(list.row('By-Hand')).toContainText(/Online.*\d+ (s|min)/)
  await expect(list.row('By-Hand')).toContainText(/\d MB/)
  expect(await filesOf(byHand)).toEqual(left)
  await list.button('Stop', 'By-Hand').click()
  await stopped('By-Hand')
  expect(await answerOf(byHand.port)).toBeUndefined()
  await list.button('Start', 'By-Hand').click()
  await online('By-Hand')
  expect(await answerOf(byHand.port)).toContain('By-Hand')
  expect(await filesOf(byHand)).toEqual(left)
  expect(await place.pm2('jlist')).toContain('"name":"By-Hand"')

  await list.act('By-Hand', 'Change port…')
  const dialog = list.room.dialog('Change the port of By-Hand')
  const port = dialog.getByRole('textbox', { name: 'New port' })
  const change = dialog.getByRole('button', { name: 'Change and restart' })
  await change.click()
  await expect(port).toHaveAccessibleDescription(/Enter a port/)
  const foreign = await foreignServer()
  const { port: taken } = foreign.address() as AddressInfo
  await port.fill(String(taken))
  await expect(dialog).toContainText(`(pid ${process.pid}) is listening on it`)
  await expect(change).toBeDisabled()
  foreign.close()
  await dialog.getByRole('button', { name: /^Use / }).click()
  const chosen = Number(await port.inputValue())
  await expect(dialog).toContainText(`Port ${chosen} is free.`)
  await change.click()
  await expect(dialog).toBeHidden()
  await expect(list.row('By-Hand')).toContainText(`Online${chosen}`)
  expect([await answerOf(chosen), await answerOf(byHand.port)]).toEqual(['By-Hand ', undefined])
  expect(await configOf(byHand)).toMatchObject({ port: chosen, note: 'kept' })
  expect(await envOf(byHand)).toMatchObject({ PORT: String(chosen), INSTANCE_NAME: 'By-Hand' })
})

test('many at once: each has its result; one that fails stops no other, one whose port is taken is skipped and listed', async () => {
  const [first] = await layOutAll('bulk-1', 'bulk-2', 'bulk-4')
  await place.layOut('bulk-3', first?.port)
  await writeFile(join((await place.layOut('bulk-5')).server, 'index.js'), 'throw new Error("I cannot go on")')
  await list.button('Start', 'bulk-1').click()
  await online('bulk-1')
  await list.choose('bulk-', 5)
  await list.chosen.getByRole('button', { name: 'Start 4' }).click()
  await expect(list.report).toContainText('Started 2 of 5, 2 skipped, 1 failed.', { timeout: 120_000 })
  await expect(list.notDone).toHaveCount(3)
  await expect(list.notDone.filter({ hasText: 'bulk-3' })).toContainText(
    `Skipped: Port ${first?.port} is in use. “bulk-1” is running on it.`,
  )
  await expect(list.notDone.filter({ hasText: 'bulk-1' }).last()).toContainText('Skipped: it is already running.')
  await expect(list.notDone.filter({ hasText: 'bulk-5' })).toContainText(/keeps crashing|not online/)
  for (const name of ['bulk-1', 'bulk-2', 'bulk-4']) await online(name)
  await expect(list.row('bulk-3')).toContainText('Not in PM2')
  await expect(list.row('bulk-5')).not.toContainText('Online')
  await list.notDone.filter({ hasText: 'bulk-5' }).getByRole('link', { name: 'Show what happened to bulk-5' }).click()
  await expect(list.room.title('Couldn’t start “bulk-5”')).toBeVisible()
  await expect(list.room.problem('bulk-5')).toBeVisible()
  const failed = window.url()
  await window.getByRole('button', { name: 'Try again' }).click() // the same once more, as an operation of its own
  await expect(window).not.toHaveURL(failed)
  await expect(list.room.title('Couldn’t start “bulk-5”')).toBeVisible({ timeout: 60_000 })

  await list.room.go('Instances')
  await list.row('bulk-5').getByRole('checkbox').uncheck()
  await list.chosen.getByRole('button', { name: 'Stop 3' }).click()
  await expect(list.report).toContainText('Stopped 3 of 4, 1 skipped.')
  await expect(list.notDone).toHaveText([/bulk-3.*it isn’t running/])
  for (const name of ['bulk-1', 'bulk-2', 'bulk-4']) await stopped(name)
  expect(await answerOf(first?.port ?? 0)).toBeUndefined()

  await window.reload()
  await list.room.go('Instances')
  await expect(list.report).toContainText('Stopped 3 of 4, 1 skipped.') // it is an operation, and stays
  await list.report.getByRole('link', { name: 'Show steps' }).click()
  await expect(list.room.title('3 instances are stopped')).toBeVisible()
  await list.room.go('Activity')
  await expect(window.getByRole('link', { name: 'Start “bulk-2”' })).toHaveCount(0) // it is part of one row
  await window.getByRole('link', { name: 'Start 4 instances' }).click()
  await expect(list.room.title('2 of 4 instances were started')).toBeVisible()
  await expect(window.getByRole('list', { name: 'Steps' }).getByRole('link', { name: 'bulk-5' })).toBeVisible()
  const step = window.getByRole('list', { name: 'Steps' }).getByRole('listitem').filter({ hasText: 'bulk-3' })
  await expect(step).toContainText(`Port ${first?.port} is in use.`)
})

test('what was stopped or restarted is said; two share a notice, which starts them again', async () => {
  const its = await layOutAll('told-1', 'told-2')
  await Promise.all(its.map(it => place.startByCli(it)))
  await online('told-1')
  await list.act('told-1', 'Restart')
  await expect(list.news('“told-1” restarted')).toBeVisible()
  for (const { name } of its) await online(name)
  for (const { name } of its) await list.button('Stop', name).click() // while the first one's notice is still shown
  for (const { name } of its) await stopped(name)
  const notice = list.news('2 instances stopped')
  await expect(notice).toContainText('told-1 and told-2')
  const covered = async (): Promise<number> => {
    const [main, box] = await Promise.all([window.getByRole('main').boundingBox(), notice.boundingBox()])
    return (main?.y ?? NaN) + (main?.height ?? NaN) - (box?.y ?? NaN)
  }
  await expect.poll(covered).toBeLessThanOrEqual(0) // it is below the rows, not over them
  await expect(list.news('“told-1” restarted')).toHaveCount(0) // no longer true
  await notice.getByRole('button', { name: 'Start again' }).click()
  await expect(list.report).toContainText('Started 2 of 2.')
  await expect(notice).toHaveCount(0)
  for (const { name, port } of its) expect(await answerOf(port)).toContain(name)
})

test('two share a port: declined, nothing has changed; accepted, the one is stopped and the other runs', async () => {
  const anna = await place.layOut('switch-anna')
  await place.layOut('switch-bert', anna.port)
  await list.button('Start', 'switch-anna').click()
  await online('switch-anna')
  const pids = await place.pidsOf('switch-anna')
  const question = list.room.dialog(`switch-anna runs on ${anna.port}`)
  await list.button('Start', 'switch-bert').click()
  await expect(question).toContainText('They share the port, so only one of them can run at a time.')
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await window.keyboard.press('Enter')
  await expect(question).toBeHidden()
  await expect(list.row('switch-bert')).toContainText('Not in PM2')
  await online('switch-anna')
  expect([await place.pidsOf('switch-anna'), await answerOf(anna.port)]).toEqual([pids, 'switch-anna '])

  await list.button('Start', 'switch-bert').click()
  await question.getByRole('button', { name: 'Stop switch-anna and start switch-bert' }).click()
  await online('switch-bert')
  await stopped('switch-anna')
  expect([await place.pidsOf('switch-anna'), await answerOf(anna.port)]).toEqual([[], 'switch-bert '])
})

test('“Try again” meets one that runs on its port meanwhile: the notice asks before it stops that one', async () => {
  const anna = await place.layOut('again-anna')
  const bert = await place.layOut('again-bert', anna.port)
  const index = join(anna.server, 'index.js')
  const good = await readFile(index, 'utf8')
  await writeFile(index, 'throw new Error("I cannot go on")')
  await list.button('Start', 'again-anna').click()
  await expect(list.row('again-anna')).toContainText('Errored', { timeout: 120_000 })
  await writeFile(index, good)
  await place.startByCli(bert)
  await list.room.go('Activity')
  await window.getByRole('link', { name: 'Start “again-anna”' }).click()
  await window.getByRole('button', { name: 'Try again' }).click()
  const stopOther = list
    .news(`Port ${anna.port} is in use.`)
    .getByRole('button', { name: 'Stop it and start again-anna…' })
  await stopOther.click()
  const question = list.room.dialog('Start again-anna instead?')
  await expect(question).toContainText('“again-bert” is running on it. It will be stopped')
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await window.keyboard.press('Enter')
  await expect(question).toBeHidden()
  expect(await answerOf(anna.port)).toBe('again-bert ')
  await stopOther.click()
  await question.getByRole('button', { name: 'Stop it and start again-anna' }).click()
  await expect(list.room.title('“again-anna” is running')).toBeVisible()
  expect(await answerOf(anna.port)).toBe('again-anna ')
  await expect(stopOther).toHaveCount(0)
})

test('a job that could not begin: the notice tries it again', async () => {
  await place.layOut('unwritten')
  const journals = join(place.root, '.instance-manager/operations')
  await rename(journals, `${journals}.away`)
  const notice = list.news('The operation’s journal couldn’t be written')
  await list.button('Start', 'unwritten').click()
  await notice.waitFor()
  await rename(`${journals}.away`, journals)
  await notice.getByRole('button', { name: 'Try again' }).click()
  await expect(notice).toBeHidden()
  await online('unwritten')
})

test('one that starts and never answers is stopped at once', async () => {
  const { port } = await place.layOut('deaf-stopped')
  await list.button('Start', 'deaf-stopped').click()
  await expect(list.row('deaf-stopped')).toContainText('Starting…')
  await expect.poll(() => place.pidsOf('deaf-stopped')).not.toEqual([])
  await list.button('Stop', 'deaf-stopped').click()
  await stopped('deaf-stopped')
  expect([await place.pidsOf('deaf-stopped'), await answerOf(port)]).toEqual([[], undefined])
})

test('a foreign program has the port: it is named, and nothing is started', async () => {
  const { port } = await place.layOut('robbed')
  const foreign = await foreignServer(port)
  await list.button('Start', 'robbed').click()
  await expect(list.news(`Port ${port} is in use.`)).toContainText(`(pid ${process.pid}) is listening on it.`)
  await expect(list.row('robbed')).toContainText('Not in PM2')
  foreign.close()
})

/** Every title that the open dialog has from now on. */
async function titlesOf(title: string): Promise<() => Promise<string[]>> {
  const titles = await window.getByRole('dialog', { name: title }).evaluateHandle(dialog => {
    const seen = new Set<string>()
    const look = (): void => {
      if (dialog.isConnected) seen.add(dialog.querySelector('h2')?.textContent ?? '')
    }
    look()
    new MutationObserver(look).observe(dialog, { subtree: true, childList: true, characterData: true })
    return seen
  })
  return () => titles.evaluate(it => [...it])
}

test('a deletion lists what goes and wants its name; then all of it is gone', async () => {
  const its = await place.layOut('farewell')
  await place.makeDatabase(its)
  await writeFile(join(its.server, 'uploads', 'photo.jpg'), Buffer.alloc(5000))
  await place.startByCli(its)
  await online('farewell')
  await list.act('farewell', 'Delete…')
  const dialog = list.room.dialog('Delete farewell?')
  const goes = dialog.getByRole('list', { name: 'This will be deleted' }).getByRole('listitem')
  await expect(goes).toHaveText([
    /Process.*Running\. It will be stopped first/,
    /Database farewell_db.*MB.*(no open connections|one open connection)/, // PgBouncer may keep that of our check
    /Role farewell_user/,
    new RegExp(`${its.folder}.*uploads: 4.9 KB`),
    /2 log files/,
  ])
  const word = dialog.getByRole('textbox', { name: 'Type farewell to confirm' })
  const remove = dialog.getByRole('button', { name: 'Delete farewell' })
  await expect(word).toBeFocused()
  for (const wrong of ['', 'DELETE', 'Farewell', 'farewell ']) {
    await word.fill(wrong)
    await expect(remove).toBeDisabled()
    await word.press('Enter')
  }
  await word.fill('farewell')
  const titles = await titlesOf('Delete farewell?')
  await word.press('Enter')
  await expect(dialog).toBeHidden()
  expect(await titles()).toEqual(['Delete farewell?']) // until it had closed
  await expect(list.row('farewell')).toHaveCount(0)
  await list.room.go('Activity')
  await expect(window.getByRole('row').filter({ hasText: 'Delete “farewell”' })).toContainText('Done')
  expect(await readdir(join(place.root, 'instances'))).not.toContain('farewell')
  expect((await place.databases()).filter(it => it.startsWith('farewell'))).toEqual([])
  expect([await place.pidsOf('farewell'), await answerOf(its.port)]).toEqual([[], undefined])
  expect((await readdir(join(place.home.path, '.pm2/logs'))).filter(it => it.startsWith('farewell'))).toEqual([])
})

test('Ctrl+K finds an instance and an action by typing, and runs it', async () => {
  const its = await place.layOut('Kestrel-School')
  await expect(list.row('Kestrel-School')).toBeVisible()
  await window.keyboard.press('Control+k')
  await window.keyboard.type('start kestr')
  await expect(list.room.found).toContainText('Start Kestrel-School')
  await window.keyboard.press('Enter')
  await expect(list.room.palette).toBeHidden()
  await online('Kestrel-School')
  expect(await answerOf(its.port)).toContain('Kestrel-School')
  await window.keyboard.press('Control+k')
  await window.keyboard.type(String(its.port)) // by its port
  await expect(list.room.found).toContainText('Kestrel-School')
  await window.keyboard.press('Enter')
  await expect(list.room.title('Kestrel-School')).toBeVisible()
  await window.keyboard.press('Control+k')
  await window.keyboard.type('no such thing')
  await expect(list.room.palette).toContainText('No results.')
})

test('Ctrl+K has the focus before the next key can come', async () => {
  await expect(list.row('By-Hand')).toBeVisible()
  const focused = await window.evaluate(async () => {
    document.documentElement.dispatchEvent(
      new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }),
    )
    const { port1, port2 } = new MessageChannel()
    await new Promise(resolve => {
      port1.addEventListener('message', resolve)
      port1.start()
      port2.postMessage(0)
    })
    return document.activeElement?.getAttribute('aria-label')
  })
  expect(focused).toBe('Find an instance or an action')
  await window.keyboard.press('Escape')
  await expect(list.room.palette).toBeHidden()
})

test('folders that come, break and go outside the app are shown so by themselves; a broken one is not overwritten', async () => {
  const its = await place.layOut('outside')
  await expect(list.row('outside')).toContainText(String(its.port))
  const config = join(its.folder, 'config.json')
  const text = await readFile(config, 'utf8')
  const broken = text.slice(0, 40)
  await writeFile(config, broken)
  await expect(list.row('outside')).toHaveCount(0)
  const problem = list.banner('The config.json of “outside” can’t be used.')
  await expect(problem).toContainText('It isn’t valid JSON.')
  expect(await readFile(config, 'utf8')).toBe(broken)
  await writeFile(`${config}.new`, text)
  await rename(`${config}.new`, config)
  await expect(list.row('outside')).toBeVisible()
  await expect(problem).toHaveCount(0)
  await rm(its.folder, { recursive: true })
  await expect(list.row('outside')).toHaveCount(0)
  expect(await readdir(join(place.root, 'instances'))).not.toContain('outside') // nobody made it anew
})

test("secrets are masked on the instance's page, and revealed one by one", async () => {
  const its = await place.layOut('discreet')
  await list.show('discreet')
  const main = window.getByRole('main')
  const entry = (key: string) => main.locator('dl > div').filter({ has: window.getByText(key, { exact: true }) })
  await expect(entry('PORT')).toContainText(String(its.port))
  await expect(entry('DATABASE_URL').getByRole('img', { name: 'hidden' })).toBeVisible()
  expect(await window.content()).not.toContain(its.password)
  await main.getByRole('button', { name: 'Show DATABASE_URL' }).click()
  await expect(entry('DATABASE_URL')).toContainText(its.password)
  await expect(window.getByTestId('secret')).toHaveCount(1) // the other URL stays masked
  await main.getByRole('button', { name: 'Hide DATABASE_URL' }).click()
  await expect(window.getByTestId('secret')).toHaveCount(0)
  expect(await window.content()).not.toContain(its.password)
})

test('one key acts on the instance under the mouse or with the focus, but not on what is typed', async () => {
  await online('By-Hand')
  await list.row('By-Hand').hover()
  await window.keyboard.press('s')
  await expect(list.row('By-Hand')).toContainText('Stopped')
  await window.getByRole('link', { name: 'By-Hand', exact: true }).focus()
  await window.mouse.move(0, 0)
  await window.keyboard.press('s')
  await expect(list.row('By-Hand')).toContainText('Online')

  await list.row('By-Hand').hover()
  await window.keyboard.press('/')
  await window.keyboard.type('s?')
  await expect(window.getByLabel('Find by name')).toHaveValue('s?')
  await expect(window.getByRole('dialog')).toHaveCount(0)
  await window.keyboard.press('Escape')
  await expect(list.row('By-Hand')).toContainText('Online')
  await window.getByRole('link', { name: 'By-Hand', exact: true }).focus()
  await window.keyboard.press('?')
  const shortcuts = window.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await expect(shortcuts).toContainText('Start or stop it')
  await window.keyboard.press('s') // nothing happens under a dialog
  await window.keyboard.press('Escape')
  await expect(shortcuts).toBeHidden()
  await expect(list.row('By-Hand')).toContainText('Online')
  await expect(window).toHaveTitle('Instances – workspace – Instance Manager')
  await window.keyboard.press('F2')
  const renaming = list.room.dialog('Rename By-Hand')
  await expect(renaming.getByRole('textbox', { name: 'New name' })).toBeFocused()
  await window.keyboard.press('Escape')
  await expect(renaming).toBeHidden()
})

test('the window’s menus have the palette’s actions, for the selected instance too, and run them', async () => {
  await online('By-Hand')
  const entry = (title: string, label: string) =>
    launched.app.evaluate(
      ({ Menu }, [wanted, of]) => {
        const menu = Menu.getApplicationMenu()?.items.find(it => it.label === wanted)
        const found = menu?.submenu?.items.find(it => it.label === of)
        return found && { enabled: found.enabled, key: found.accelerator }
      },
      [title, label] as const,
    )
  const choose = (title: string, label: string) =>
    launched.app.evaluate(
      ({ Menu }, [wanted, of]) =>
        Menu.getApplicationMenu()
          ?.items.find(it => it.label === wanted)
          ?.submenu?.items.find(it => it.label === of)
          ?.click(),
      [title, label] as const,
    )
  await expect.poll(() => entry('Infrastructure', 'Stop the infrastructure…')).toMatchObject({ enabled: true })
  expect(await entry('Infrastructure', 'Start the infrastructure')).toMatchObject({ enabled: false })
  expect(await entry('View', 'Find an instance or an action')).toMatchObject({ key: 'Ctrl+K' })
  expect(await entry('Instance', 'Select one instance in the list first')).toMatchObject({ enabled: false })

  await list.row('By-Hand').getByRole('checkbox').check()
  await expect.poll(() => entry('Instance', 'Stop By-Hand')).toMatchObject({ enabled: true, key: 'S' })
  await choose('Instance', 'Stop By-Hand')
  await stopped('By-Hand')
  await expect.poll(() => entry('Instance', 'Start By-Hand')).toBeDefined()
  await choose('Instance', 'Start By-Hand')
  await online('By-Hand')

  await choose('Help', 'About Instance Manager')
  const about = list.room.dialog('About Instance Manager')
  await expect(about).toContainText(/Electron\d+\.\d+.*PM2\d+\.\d+.*PostgreSQL\d+\./)
  await choose('Instance', 'Stop By-Hand') // nothing happens under a dialog
  await choose('File', 'New instance')
  await about.getByRole('button', { name: 'Copy versions' }).click()
  const { electron } = await launched.app.evaluate(() => process.versions)
  await expect
    .poll(() => launched.app.evaluate(({ clipboard }) => clipboard.readText()))
    .toContain(`Electron ${electron}`)
  await about.getByRole('button', { name: 'Close', exact: true }).last().click()
  await expect(about).toBeHidden()
  await expect(window).toHaveURL(/#\/instances\?/)
  await online('By-Hand')

  await choose('Help', 'Documentation')
  await expect(window).toHaveURL(/#\/help\/README\.md$/)
  const backups = window.getByRole('heading', { name: 'Backups' })
  for (const _ of ['first', 'and again']) {
    await window.getByRole('link', { name: 'Backups' }).press('Enter')
    await expect(backups).toBeFocused()
    await expect(backups).toBeInViewport()
  }
})

test('the window opens again where it was, and as large', async () => {
  const bounds = { x: 60, y: 40, width: 950, height: 640 }
  await launched.app.evaluate(({ BrowserWindow }, its) => BrowserWindow.getAllWindows()[0]?.setBounds(its), bounds)
  await expect
    .poll(() => launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getNormalBounds()))
    .toEqual(bounds) // the display moves it
  await launched.close()
  await open()
  await online('By-Hand')
  await expect
    .poll(() => window.evaluate(() => ({ x: screenX, y: screenY, width: outerWidth, height: outerHeight })))
    .toEqual(bounds)
})

test('an instance’s last hour outlives the page; its charts have the value under the cursor, and a table', async () => {
  await online('By-Hand')
  await list.show('By-Hand')
  const chart = window.getByRole('figure', { name: 'Memory, the last hour' })
  const measured = async (): Promise<number> =>
    ((await chart.locator('svg path[d*="L"]').first().getAttribute('d')) ?? '').split('L').length
  await expect.poll(measured).toBeGreaterThan(2)
  const before = await measured()
  await window.reload()
  await expect.poll(measured).toBeGreaterThanOrEqual(before)
  const { width, height } = (await chart.locator('svg').boundingBox()) ?? { width: 0, height: 0 }
  await chart.locator('svg').hover({ position: { x: width - 2, y: height / 2 } }) // once it moves no more
  await expect(chart).toContainText(/\d MB \d\d:\d\d/)
  await window.getByRole('button', { name: 'Show as a table' }).click()
  await expect(
    window.getByRole('region', { name: 'CPU and memory of By-Hand, the last hour' }).getByRole('row').nth(1),
  ).toHaveText(/\d\d:\d\d.*\d %.*\d MB/)
})

test('a name of 14 characters can be read at every width and zoom, with more rows than fit', async () => {
  await layOutAll('a-14-character', ...Array.from({ length: 60 }, (_, index) => `row-${index}`))
  await expect(list.filter('All')).toContainText(/[6-9]\d/)
  const name = list.row('a-14-character').getByRole('link', { name: 'a-14-character', exact: true })
  const before = window.viewportSize()
  const zooms = [1, 1.2, 1.25].flatMap(zoom => [900, 1001, 1024, 1141, 1261, 1280].map(it => Math.round(it / zoom)))
  for (const width of zooms) {
    await window.setViewportSize({ width, height: 800 })
    const cut = (): Promise<number> =>
      name.evaluate(it => {
        const cell = it.closest('th, td') as HTMLElement
        return cell.scrollWidth - cell.clientWidth
      })
    await expect.poll(cut, `cut at ${width}`).toBe(0)
  }
  await list.row('a-14-character').getByRole('button', { name: 'Actions for a-14-character' }).click()
  await expect(list.menu).toBeVisible()
  await window.setViewportSize({ width: 900, height: 800 })
  await expect(list.menu).toBeHidden() // its button is elsewhere now
  await window.setViewportSize(before ?? { width: 1280, height: 800 })
})

test('the address says how the list is arranged: after a reload, back, and under a saved view’s name', async () => {
  await layOutAll('kept-1', 'kept-2')
  await list.search.fill('kept')
  await expect(list.row('By-Hand')).toHaveCount(0)
  await window.getByRole('button', { name: 'Port', exact: true }).click()
  await window.reload()
  await expect(list.row('kept-1')).toBeVisible()
  await expect(list.search).toHaveValue('kept')
  await expect(window.getByRole('columnheader', { name: 'Port' })).toHaveAttribute('aria-sort', 'ascending')
  await expect(list.row('By-Hand')).toHaveCount(0)

  const views = window.getByRole('button', { name: 'Saved views' })
  await views.press('Enter')
  await expect(list.menu).toContainText('No saved views yet.')
  await list.menu.getByRole('menuitem', { name: 'Save this view…' }).press('Enter')
  const dialog = list.room.dialog('Save this view')
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toBeFocused()
  await window.keyboard.type('Kept ones')
  await window.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  const chosen = window.getByRole('button', { name: 'View: Kept ones' })
  await expect(chosen).toBeFocused()

  await list.filter('Not in PM2').click()
  await list.search.fill('')
  await window.goBack() // to before the filter
  await expect(list.search).toHaveValue('kept')
  await expect(list.filter('All')).toHaveAttribute('aria-pressed', 'true')
  await window.goForward()
  await expect(list.filter('Not in PM2')).toHaveAttribute('aria-pressed', 'true')
  await list.room.go('Activity')
  await list.room.go('Instances') // as it was left
  await expect(list.filter('Not in PM2')).toHaveAttribute('aria-pressed', 'true')

  await views.click()
  await list.menu.getByRole('menuitemradio', { name: 'Kept ones' }).click()
  await expect(list.row('kept-2')).toBeVisible()
  await expect(list.row('By-Hand')).toHaveCount(0)
  await chosen.click()
  await list.menu.getByRole('menuitem', { name: 'Delete the view' }).click()
  await window.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await expect(views).toBeVisible()
  await window.getByRole('button', { name: 'Name', exact: true }).click()
})

test('table or grid, light or dark: the choice is remembered when the app is started again', async () => {
  const theme = () => launched.app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)
  const choose = (word: string) => window.getByRole('radiogroup', { name: 'Theme' }).getByText(word).click()
  await expect(list.row('By-Hand')).toBeVisible()
  await list.view('Grid').click()
  await expect(list.card('By-Hand')).toContainText('Online')
  await list.room.go('Settings')
  await choose('Dark')
  await expect.poll(theme).toBe('dark')
  await launched.close()
  await open()
  expect(await theme()).toBe('dark')
  await expect(list.card('By-Hand')).toContainText('Online')
  await expect(list.room.instances).toHaveCount(0)
  await list.room.go('Settings')
  await choose('System')
  await expect.poll(theme).toBe('system')
  await list.room.go('Instances')
  await list.view('Table').click()
  await expect(list.row('By-Hand')).toContainText('Online')
})

test('a window that is too narrow for all filters has the rest in a menu', async () => {
  const before = window.viewportSize() ?? { width: 1280, height: 800 }
  const tags = ['primary school', 'north', 'trial customers', 'evening classes', 'paying'] // as many as don't fit
  await changeInstanceConfig(join(byHand.folder, 'config.json'), it => ({ ...it, labels: { tags, favourite: true } }))
  const filters = window.getByRole('group', { name: 'Filter by status' })
  const more = filters.getByRole('button', { name: /^More filters/ })
  await expect(list.row('By-Hand')).toContainText('By-Hand')
  await window.setViewportSize({ width: 720, height: 576 })
  await expect(more).toBeVisible()
  expect((await filters.boundingBox())?.height).toBeLessThan(40)
  await more.click()
  await window.getByRole('menuitemradio', { name: /^trial customers/ }).click()
  await expect(more).toHaveText(/^trial customers ?1$/)
  await expect(more).toHaveAttribute('aria-pressed', 'true')
  await expect(list.row('By-Hand')).toBeVisible()
  await window.setViewportSize({ width: 1920, height: 800 })
  await expect(list.filter('trial customers')).toHaveAttribute('aria-pressed', 'true')
  await list.filter('trial customers').click()
  await window.setViewportSize(before)
  await changeInstanceConfig(join(byHand.folder, 'config.json'), it => ({ ...it, labels: undefined }))
  await expect(more).toBeHidden()
})

test('killed while it starts many: the report is there again when it is opened, and the rest are started', async () => {
  // the last one keeps the job open long enough to be seen
  const names = ['cut-1', 'cut-2', 'cut-3', 'cut-4', 'cut-5', 'deaf-cut']
  const deaf = (await layOutAll(...names)).at(-1)
  await list.choose('cut', names.length)
  await list.chosen.getByRole('button', { name: 'Start', exact: true }).click()
  await expect(list.report).toContainText('Starting 6')
  await expect(list.row('deaf-cut')).toContainText(/Waiting…|Starting…/)
  await launched.kill()
  await changeInstanceConfig(join(deaf?.folder ?? '', 'config.json'), it => ({ ...it, bootSeconds: 2 }))
  await open()
  await list.room.go('Instances')
  await list.view('Table').click() // a kill may lose a choice that was made just before
  await expect(list.report).toContainText('Started 5 of 6, 1 failed.', { timeout: 120_000 })
  for (const name of names.slice(0, 5)) await online(name)
  await expect(list.notDone).toHaveText([/deaf-cut.*hasn’t answered/])
})
