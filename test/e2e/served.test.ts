/**
 * The same product without a display: served by npm start, shown by Chromium, to several browsers at once, beside
 * commands and the desktop app.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Browser, Page } from '@playwright/test'
import { createSample } from '../../src/main/workspace/sample'
import { resources } from '../support/workspace'
import { ControlRoom } from './pages/control-room'
import { FirstRun, Setup } from './pages/first-run'
import { InstanceList } from './pages/instances'
import { LogPane } from './pages/logs'
import { OperationPage } from './pages/operation'
import { person, Wizard } from './pages/wizard'
import { violations } from './support/accessible'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { command, noChromium, npmStart, startChromium, type ServedApp } from './support/served'
import { answerOf } from './support/tiny-home'
import { freePort } from '../support/ports'

const reason = noChromium()
test.skip(reason !== undefined, reason)

test.describe.serial('served', () => {
  let place: TestHome
  let served: ServedApp
  let browser: Browser
  let page: Page
  let other: Page
  let list: InstanceList
  const port = (): number => place.ports.firstInstance
  /** At the same port again, as it is without others: pages that are open find the new server. */
  let at: number
  const start = (...args: readonly string[]) => npmStart(place, ...args, '--port', String(at))
  const newPage = async (): Promise<Page> =>
    (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage()

  test.beforeAll(async ({ prepared }) => {
    place = await testHome()
    at = await freePort()
    await place.placeWorkspace(prepared)
    served = await start('--workspace', place.root)
    browser = await startChromium()
    page = await newPage()
    list = new InstanceList(page)
  })
  test.afterAll(async () => {
    await browser.close()
    await served.stop()
    await place.remove()
  })

  test('npm start says that there is no display, and how to get in: by a tunnel and a link', async () => {
    await expect.poll(served.printed).toContain('No display found')
    await expect.poll(served.printed).toMatch(/ssh -L (\d+):127\.0\.0\.1:\1 \S+@\S+/)
  })

  test('without the link there is no way in; with it the pages are there', async () => {
    const stranger = await newPage()
    await stranger.goto(new URL('/', served.link).href)
    await expect(stranger.getByRole('heading', { name: 'This browser is not signed in' })).toBeVisible()
    await expect(stranger.getByText('npm run -s cli -- serve --link')).toBeVisible()
    expect(await violations(stranger)).toEqual([])

    // In a tab that shows the pages already, a link changes nothing but the fragment.
    await stranger.goto(`${new URL('/', served.link).href}#token=wrong`)
    await expect(stranger).not.toHaveURL(/token/)
    await expect(stranger.getByRole('heading', { name: 'This browser is not signed in' })).toBeVisible()
    await stranger.context().close()

    await page.goto(served.link)
    await expect(new Setup(page).title).toBeVisible()
    expect(page.url()).not.toContain('token')
    expect(await page.context().cookies()).toEqual([])
  })

  test('a reload and further tabs need no new link; the used one opens nothing elsewhere', async () => {
    await page.reload()
    await expect(new Setup(page).title).toBeVisible()
    const tab = await page.context().newPage()
    await tab.goto(new URL('/', served.link).href)
    await expect(new Setup(tab).title).toBeVisible()
    const reloaded = tab.waitForEvent('load')
    await tab.goto(served.link) // it only changes the fragment
    await reloaded
    await expect(new Setup(tab).title).toBeVisible()
    await tab.close()
    const elsewhere = await newPage()
    await elsewhere.goto(served.link)
    await expect(elsewhere.getByRole('heading', { name: 'This browser is not signed in' })).toBeVisible()
    await elsewhere.context().close()
  })

  test('infrastructure, a new instance, stop and start, in a browser', async () => {
    await new Setup(page).complete()
    const room = new ControlRoom(page)
    await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Running')
    const wizard = new Wizard(page)
    await room.newInstance.click()
    await wizard.answer('Hillside')
    await page.reload()
    await expect(wizard.email).toHaveValue(person.email)
    await expect(wizard.password).toHaveValue('')
    const kept = await page.evaluate(() => JSON.stringify([sessionStorage, localStorage]))
    expect(kept).toContain(person.email)
    expect(kept).not.toContain(person.password)
    await wizard.password.fill(person.password)
    await wizard.next.click()
    await wizard.create.click()
    await new OperationPage(page).succeeded('Hillside')
    expect(await answerOf(port())).toBeDefined()
    await room.go('Instances')
    await list.button('Stop', 'Hillside').click()
    await expect(list.row('Hillside')).toContainText('Stopped')
    await list.button('Start', 'Hillside').click()
    await expect(list.row('Hillside')).toContainText('Online')
    await list.search.fill('nothing')
    await expect(page.getByText('No instance matches “nothing”.')).toBeVisible()
    const tab = await page.context().newPage() // a copied link shows the same
    await tab.goto(page.url())
    await expect(tab.getByText('No instance matches “nothing”.')).toBeVisible()
    await tab.close()
    await list.search.fill('')
  })

  test('a part of the page that an update has removed is told, and a reload brings it back', async () => {
    const tab = await page.context().newPage()
    const part = '**/assets/health-screen-*.js'
    await tab.route(part, route => route.abort())
    await tab.goto(new URL('/#/health', served.link).href)
    const told = tab.getByRole('alert').filter({ hasText: 'couldn’t be loaded' })
    await expect(told).toBeVisible()
    await expect(tab.getByRole('link', { name: 'Instances', exact: true })).toBeVisible()
    await tab.unroute(part)
    const loaded = tab.waitForResponse(part)
    await told.getByRole('button', { name: 'Reload' }).click()
    await expect(tab.getByRole('heading', { name: 'Health', level: 1 })).toBeVisible()
    expect((await loaded).headers()['cache-control']).toContain('immutable')
    await tab.close()
  })

  test('its log, live, searched and saved', async () => {
    const out = join(place.home.path, '.pm2', 'logs', 'Hillside-out.log')
    const line = (text: string): Promise<void> => appendFile(out, `2026-05-04T10:00:00: ${text}\n`)
    await list.show('Hillside')
    await page.getByRole('navigation', { name: 'Hillside' }).getByRole('link', { name: 'Logs' }).click()
    const log = new LogPane(page, 'Hillside')
    await line('a class was added')
    await expect(log.live).toContainText('a class was added')
    await line('another needle')
    await log.search.fill('needle')
    await expect(log.current).toContainText('another needle')
    await log.more('Save to a file…')
    const dialog = list.room.dialog('Save to a file')
    const downloading = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Download' }).click()
    const download = await downloading
    expect(download.suggestedFilename()).toMatch(/^Hillside-.*\.log$/)
    expect(await readFile(await download.path(), 'utf8')).toContain('a class was added')
    await expect(list.news('Log saved')).toContainText('Hillside')
    await log.more('Save to a file…')
    await dialog.getByRole('button', { name: 'Save on the machine' }).click()
    await expect(list.news('.instance-manager/exports')).toContainText('Log saved')
    await list.room.go('Instances')
  })

  test('Open tells how the instance is reached: by its users, and through SSH', async () => {
    await list.room.go('Settings')
    await page.getByRole('textbox', { name: 'Public address' }).fill('schools.example')
    const access = page.getByRole('form', { name: 'Access' })
    await access.getByRole('button', { name: 'Save' }).click()
    await expect(access.getByRole('status')).toHaveText('Saved')
    await list.room.go('Instances')
    await list
      .row('Hillside')
      .getByRole('button', { name: /Open Hillside/ })
      .click()
    const dialog = list.room.dialog('Open Hillside')
    await expect(dialog.getByRole('region', { name: 'For users' })).toContainText(`http://schools.example:${port()}`)
    const ssh = dialog.getByRole('region', { name: 'Through SSH' })
    await expect(ssh).toContainText(`ssh -L ${port()}:127.0.0.1:${port()} `)
    await expect(ssh).toContainText('@schools.example')
    const opened = page.context().waitForEvent('page')
    await ssh.getByRole('link', { name: /^Open http/ }).click()
    const tab = await opened
    await expect(tab).toHaveURL(`http://127.0.0.1:${port()}/`)
    expect(await tab.evaluate(() => window.opener as unknown)).toBeNull()
    await tab.close()
    await page.keyboard.press('Escape')
    await expect(dialog).toBeHidden()
  })

  test('another browser is let in and sees the same at once; sent away, it is out', async () => {
    await list.room.go('Settings')
    const browsers = page.getByRole('list', { name: 'Browsers' })
    await expect(browsers).toContainText('this one')
    await browsers.getByRole('button', { name: 'Create a sign-in link…' }).click()
    const link = await browsers.getByText(/token=/).innerText()
    other = await newPage()
    await other.goto(link)
    const theirs = new InstanceList(other)
    await expect(theirs.row('Hillside')).toContainText('Online')
    const reloaded = other.waitForEvent('load')
    await other.goto(link) // it only changes the fragment, which mustn't be taken for a screen
    await reloaded
    await expect(theirs.row('Hillside')).toContainText('Online')

    await list.room.go('Instances')
    await list.button('Stop', 'Hillside').click()
    await expect(theirs.row('Hillside')).toContainText('Stopped')
    await theirs.button('Start', 'Hillside').click()
    await expect(list.row('Hillside')).toContainText('Online')

    await page.getByRole('button', { name: /^Workspace/ }).click()
    await page.getByRole('menuitem', { name: 'Switch workspace…' }).click()
    const asked = list.room.dialog('Switch for everyone?')
    await expect(asked).toContainText('also used by one other browser.')
    await asked.getByRole('button', { name: 'Stay' }).click()
    await expect(theirs.row('Hillside')).toBeVisible()

    await list.room.go('Settings')
    await browsers.getByRole('button', { name: /End the session/ }).click()
    await expect(other.getByRole('heading', { name: 'This browser is not signed in' })).toBeVisible()
    await expect(browsers.getByRole('button', { name: /End the session/ })).toHaveCount(0)
  })

  test('at another server, a browser is told who has the workspace, and opens it there', async () => {
    const elsewhere = join(place.home.path, 'elsewhere')
    await createSample(join(resources, 'sample-app'), elsewhere)
    const second = await npmStart(place, '--workspace', elsewhere, '--port', String(await freePort()))
    const tab = await newPage()
    await tab.goto(second.link)
    await tab.getByRole('button', { name: 'Later' }).click()
    await new ControlRoom(tab).switchWorkspace()
    await new FirstRun(tab).recent.getByRole('button', { name: `Open ${basename(place.root)}` }).click()
    const told = tab.getByRole('alert').filter({ hasText: 'already open in another Instance Manager' }).first()
    await expect(told).toContainText(`at 127.0.0.1:${at}`)
    await told.getByRole('button', { name: 'Create a sign-in link' }).click()
    const opened = tab.context().waitForEvent('page')
    await told.getByRole('link', { name: 'Open it' }).click()
    await expect(new InstanceList(await opened).row('Hillside')).toContainText('Online')
    await tab.context().close()
    expect(await second.stop()).toBe(0)
  })

  test('commands go through the same engine, and so does a window: told who has the workspace, it shows it', async () => {
    await list.room.go('Instances')
    const stopped = await command(place, '--workspace', place.root, 'stop', 'Hillside')
    expect(stopped.exit).toBe(0)
    await expect(list.row('Hillside')).toContainText('Stopped')
    const listed = await command(place, '--workspace', place.root, 'list', '--json')
    expect(listed.out).toContain('"Hillside"')

    const { window, close } = await place.launch({ workspace: place.root })
    await expect(window.getByText('This workspace is already open in another Instance Manager.')).toBeVisible()
    await expect(window.getByText(/It is the headless server, process \d+ at 127\.0\.0\.1:\d+/)).toBeVisible()
    await window.getByRole('button', { name: 'Create a sign-in link' }).click()
    await expect(window.getByText(/^http:\/\/127\.0\.0\.1:\d+\/#token=/)).toBeVisible()
    await window.getByRole('button', { name: 'Show it in this window' }).click()
    const shown = new InstanceList(window)
    await expect(shown.row('Hillside')).toContainText('Stopped')
    await shown.button('Start', 'Hillside').click()
    await expect(list.row('Hillside')).toContainText('Online')
    await list.button('Stop', 'Hillside').click()
    await expect(shown.row('Hillside')).toContainText('Stopped')

    await served.stop()
    const ended = window.getByRole('alert').filter({ hasText: 'has closed it' })
    await ended.getByRole('button', { name: 'Open it here' }).click()
    await expect(shown.row('Hillside')).toContainText('Stopped')
    await close()
    served = await start('--workspace', place.root)
    await signInAgain()
    await expect(list.row('Hillside')).toContainText('Stopped')
  })

  /** A session ends with its server: the page asks for a link, and goes on where it was. */
  async function signInAgain(): Promise<void> {
    await expect(page.getByRole('heading', { name: 'This browser is not signed in' })).toBeVisible()
    const form = page.getByRole('form', { name: 'Sign in' })
    const field = form.getByRole('textbox', { name: 'Sign-in link' })
    await field.fill(served.link.replace(`:${at}/`, ':1/'))
    await form.getByRole('button', { name: 'Sign in' }).click()
    await expect(form).toContainText('This link is for 127.0.0.1:1')
    await expect(form.getByRole('link', { name: 'Open it there' })).toBeVisible()
    await field.fill(served.link)
    await form.getByRole('button', { name: 'Sign in' }).click()
    await expect(page).toHaveURL(/#\/instances\?/)
  }

  test('deletes, and ends when it is told to; what runs goes on', async () => {
    await list.button('Start', 'Hillside').click()
    await expect(list.row('Hillside')).toContainText('Online')
    expect(await served.stop()).toBe(0)
    await expect(page.getByText('Connection lost.')).toBeVisible()
    expect(await answerOf(port())).toBeDefined()

    served = await start('--serve')
    expect(served.printed()).not.toContain('No display found')
    await page.goto(served.link)
    await expect(page).toHaveURL(/#\/instances\?/) // where it was
    await list.act('Hillside', 'Delete…')
    const dialog = list.room.dialog('Delete Hillside?')
    await dialog.getByRole('textbox', { name: 'Type Hillside to confirm' }).fill('Hillside')
    await dialog.getByRole('button', { name: 'Delete Hillside' }).click()
    await expect(list.row('Hillside')).toHaveCount(0)
    expect(await answerOf(port())).toBeUndefined()
  })
})
