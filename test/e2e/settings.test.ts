/** Settings in the window: changed, refused beside the field, reset, and kept in step with what a command changes. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from '@playwright/test'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { fakeStarters, type FakeStarters } from '../support/autostart'
import { prepareRelease } from '../support/releases'
import { expect, test, testHome, type TestHome } from './support/fixtures'

let place: TestHome
let fakes: FakeStarters
let window: Page
let room: ControlRoom

test.beforeAll(async ({ prepared }) => {
  place = await testHome()
  fakes = await fakeStarters(place.home.path, place.home.path, place.home.path) // its crontab is a stand-in
  await place.placeWorkspace(prepared)
  ;({ window } = await place.launch({ workspace: place.root, bin: fakes.bin }))
  room = new ControlRoom(window)
  await new Setup(window).complete()
  await room.go('Settings')
})
test.afterAll(() => place.remove())

const form = (name: string) => window.getByRole('form', { name })
const save = (name: string) => form(name).getByRole('button', { name: 'Save' })
const ownFile = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(place.root, '.instance-manager/settings.json'), 'utf8'))

test('Start after a reboot is one switch: on, stale with a way out, off', async () => {
  test.skip(existsSync('/run/systemd/system'), 'it would be a unit of the real systemd')
  const toggle = window.getByRole('switch', { name: 'Start after a reboot' })
  await expect(toggle).not.toBeChecked()
  await toggle.focus()
  await window.keyboard.press('Space')
  await expect(toggle).toBeChecked()
  await expect(toggle).toHaveAccessibleDescription('A line in your crontab')
  await expect.poll(fakes.crontab).toContain(`--workspace ${place.root} resurrect`)

  const [comment = ''] = ((await fakes.crontab()) ?? '').split('\n')
  await fakes.writeCrontab(`${comment}\n`)
  await room.go('Instances')
  await room.go('Settings')
  await window.getByRole('button', { name: 'Set it up again' }).click()
  await expect(window.getByText('Its line in the crontab is gone.')).toBeHidden()
  await expect.poll(fakes.crontab).toContain('@reboot')

  await toggle.click()
  await expect(toggle).not.toBeChecked()
  await expect.poll(fakes.crontab).toBeUndefined()
})

test('a change is checked, saved with Enter, and reset to the default', async () => {
  const first = form('Ports').getByRole('textbox', { name: 'First instance' })
  await expect(first).toHaveValue(String(place.ports.firstInstance))
  await expect(form('Ports').getByText('Set by the site’s defaults')).toHaveCount(3)
  await expect(save('Ports')).toBeHidden()

  await first.fill('80')
  await save('Ports').click()
  await expect(first).toHaveAccessibleDescription(/^At least 1024\./)
  await expect(first).toBeFocused()
  await first.press('Escape')
  await expect(first).toHaveValue(String(place.ports.firstInstance))
  await expect(save('Ports')).toBeHidden()

  await first.fill('21000')
  await first.press('Enter')
  await expect(form('Ports').getByRole('status')).toHaveText('Saved')
  expect(await ownFile()).toMatchObject({ ports: { firstInstance: 21_000 } })
  await expect(form('Ports').getByText(`The site’s default is ${place.ports.firstInstance}`)).toBeVisible()

  await form('Ports').getByRole('button', { name: 'Reset First instance to default' }).click()
  await expect(first).toHaveValue(String(place.ports.firstInstance))
  await expect.poll(ownFile).not.toHaveProperty('ports')
})

test('what would do harm is refused, with the reason beside the field; nothing typed is lost', async () => {
  const port = form('Ports').getByRole('textbox', { name: 'PostgreSQL' })
  const first = form('Ports').getByRole('textbox', { name: 'First instance' })
  await port.fill('15999')
  await first.fill('21001')
  await save('Ports').click()
  await expect(port).toHaveAccessibleDescription(/can’t be changed until the infrastructure is stopped\. Stop it/)
  await expect(first).toHaveValue('21001')
  expect(await ownFile()).not.toHaveProperty('ports')
  await form('Ports').getByRole('button', { name: 'Discard' }).click()
  await expect(port).toHaveValue(String(place.ports.postgres))
  await expect(port).toHaveAccessibleDescription(/^Instances connect/)
})

test('what a command changes is shown at once, and leaves alone what is being typed', async () => {
  const [limit, keep] = [
    form('Log files').getByRole('textbox', { name: 'Size limit' }),
    form('Log files').getByRole('textbox', { name: 'Archives kept' }),
  ]
  await limit.fill('77')
  const cli = resolve(import.meta.dirname, '../../out/main/cli.cjs')
  const args = [cli, '--workspace', place.root, 'settings', 'set', 'logs.keep', '8']
  await promisify(execFile)('node', args, {
    env: { ...process.env, ...place.home.env, INSTANCE_MANAGER_DEFAULTS: place.defaults },
    timeout: 60_000,
  })
  await expect(keep).toHaveValue('8')
  await expect(limit).toHaveValue('77')
})

test('releases that nothing uses are removed with one click', async () => {
  for (const it of ['second', 'third']) {
    await appendFile(join(place.root, 'server/index.js'), `\n// ${it}\n`)
    await prepareRelease(place.root)
  }
  await room.go('Instances')
  await room.go('Settings')
  const rows = window.getByRole('table', { name: 'Releases' }).locator('tbody').getByRole('row')
  await expect(rows).toHaveCount(3)
  await expect(rows.first()).toContainText('next instance')
  await expect(rows.last()).toContainText('unused')
  await window.getByRole('button', { name: /^Remove unused \(.+B\)$/ }).click()
  await expect(window.getByText('Removed 2 releases.')).toBeVisible()
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText('next instance')
  await expect(window.getByRole('button', { name: /^Remove unused/ })).toBeHidden()
})
