/**
 * From nothing to a running instance that its director uses: the whole way through real windows, with a cold release.
 */
import { readdir } from 'node:fs/promises'
import type { ElectronApplication, Page } from '@playwright/test'
import type { LaunchedApp } from '../support/electron'
import { ControlRoom } from './pages/control-room'
import { FirstRun, Setup } from './pages/first-run'
import { InstanceList } from './pages/instances'
import { OperationPage } from './pages/operation'
import { person, Wizard } from './pages/wizard'
import { expect, test, testHome, type TestHome } from './support/fixtures'

/** A browser window of an ordinary person: Electron's own Chromium, with nothing of ours in it. */
async function browse(app: ElectronApplication, url: string): Promise<Page> {
  const opened = app.waitForEvent('window')
  await app.evaluate(async ({ BrowserWindow }, address) => {
    const browser = new BrowserWindow({ webPreferences: { partition: 'browser', sandbox: true } })
    await browser.loadURL(address)
  }, url)
  return opened
}

test.describe.serial('first run', () => {
  let place: TestHome
  let launched: LaunchedApp
  let url: string
  test.beforeAll(async () => {
    place = await testHome()
    launched = await place.launch()
  })
  test.afterAll(() => place.remove())

  test('a workspace from the sample application, and its infrastructure', async () => {
    const { window } = launched
    const first = new FirstRun(window)
    await expect(first.title).toBeVisible()
    await first.createSample(place.root)
    const setup = new Setup(window)
    await expect(setup.title).toBeVisible()
    await expect(setup.driver('Embedded')).toBeChecked()
    expect(await readdir(place.root)).toEqual(expect.arrayContaining(['server', 'client']))
    await setup.complete()
    const room = new ControlRoom(window)
    await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Running')
    await expect(room.page.getByRole('heading', { name: 'No instances yet' })).toBeVisible()
  })

  test('the wizard, by keyboard alone, makes a healthy instance', async () => {
    const { window } = launched
    const { keyboard } = window
    const wizard = new Wizard(window)
    await window.getByRole('link', { name: 'Create the first instance' }).focus()
    await keyboard.press('Enter')
    await expect(wizard.name).toBeFocused()
    await keyboard.type('Hillside')
    await expect(wizard.form('name')).toContainText('hillside_db')
    await keyboard.press('Enter')
    await expect(window.getByRole('radio', { name: 'Automatic' })).toBeFocused()
    await keyboard.press('Enter')
    await expect(wizard.directorName).toBeFocused()
    await keyboard.type(person.name)
    await keyboard.press('Tab')
    await keyboard.type(person.email)
    await keyboard.press('Tab') // Type a password / Generate one
    await keyboard.press('Tab')
    await expect(wizard.password).toBeFocused()
    await keyboard.type(person.password)
    await keyboard.press('Enter')
    await expect(wizard.form('review')).toContainText('Hillside')
    await expect(wizard.create).toBeFocused()
    await keyboard.press('Enter')

    const operation = new OperationPage(window)
    await expect(operation.title('Creating “Hillside”…')).toBeVisible()
    await expect(operation.steps.getByRole('listitem')).toHaveCount(10)
    await expect(operation.running).toBeVisible()
    await expect(operation.output).toContainText('npm ci')
    await operation.succeeded('Hillside')
    url = await operation.ready.getByText(/^http:/).innerText()
    expect(url).toBe(`http://127.0.0.1:${place.ports.firstInstance}`)
    await expect(operation.ready).toContainText(person.email)
  })

  test('the password is shown once, and not a second time', async () => {
    const { window } = launched
    const operation = new OperationPage(window)
    const list = new InstanceList(window)
    await list.room.go('Instances')
    const unseen = list.banner('The password of Hillside’s director hasn’t been shown yet.')
    await unseen.getByRole('link', { name: 'Go to the password' }).click()
    await operation.showPassword.click()
    await expect(operation.password).toHaveText(person.password)
    await window.reload()
    await expect(operation.ready).toContainText('it was shown already')
    await expect(operation.showPassword).toHaveCount(0)
    await expect(operation.ready).not.toContainText(person.password)
    await operation.ready.getByRole('link', { name: 'Go to Hillside' }).click()
    await expect(list.room.title('Hillside')).toBeVisible()
    await expect(unseen).toHaveCount(0)
  })

  test('the finished creation shows how its instance is now', async () => {
    const { window } = launched
    const operation = new OperationPage(window)
    await window.getByRole('button', { name: 'Stop', exact: true }).click()
    await window.getByRole('link', { name: 'Create “Hillside”' }).click()
    await expect(operation.ready).toContainText('Stopped')
    await window.goBack()
    await window.getByRole('button', { name: 'Start', exact: true }).click()
    await window.goForward()
    await expect(operation.ready).toContainText('Online')
    await operation.ready.getByRole('link', { name: 'Create another' }).click()
    await expect(window.getByRole('heading', { level: 1, name: 'New instance' })).toBeVisible()
  })

  test('in the browser the director logs in; with a wrong password nobody does', async () => {
    const browser = await browse(launched.app, url)
    await expect(browser.getByRole('heading', { name: 'Hillside' })).toBeVisible()
    const login = async (password: string): Promise<void> => {
      await browser.getByLabel('E-mail').fill(person.email)
      await browser.getByLabel('Password').fill(password)
      await browser.getByRole('button', { name: 'Log in' }).click()
    }
    await login('not the password')
    await expect(browser.getByRole('alert')).toBeVisible()
    await login(person.password)
    await expect(browser.getByRole('button', { name: 'Log out' })).toBeVisible()
    await expect(browser.locator('header')).toContainText(person.name)
    await browser.close()
  })

  test('it is in the list, and lives on when the window is closed', async () => {
    const room = new ControlRoom(launched.window)
    await room.go('Instances')
    await expect(room.instance('Hillside')).toContainText('Online')
    await launched.close()
    expect((await fetch(url)).status).toBe(200)
    launched = await place.launch()
    await expect(new ControlRoom(launched.window).instance('Hillside')).toContainText('Online')
  })
})
