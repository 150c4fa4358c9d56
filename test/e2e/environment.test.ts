/** Editing the environment of an instance, and of several, in a real window. PostgreSQL isn't needed for it. */
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import type { CliInstance } from '../support/cli-instance'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { answerOf, envOf, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page
let list: InstanceList
let school: CliInstance
let college: CliInstance

test.beforeAll(async () => {
  place = await tinyHome()
  school = await place.layOut('school')
  college = await place.layOut('college')
  await place.startByCli(school)
  ;({ window } = await place.launch({ workspace: place.root }))
  list = new InstanceList(window)
})
test.afterAll(() => place.remove())

const section = (): Locator => window.getByRole('region', { name: 'Environment' })
const dialog = (): Locator => window.getByRole('dialog')
const field = (name: string): Locator => dialog().getByRole('textbox', { name, exact: true })

async function add(name: string, value: string): Promise<void> {
  await dialog().getByRole('button', { name: 'Add a variable' }).click()
  const last = dialog().getByRole('textbox', { name: 'Name', exact: true }).last()
  await expect(last).toBeFocused()
  await last.fill(name)
  await field(`Value of ${name}`).fill(value)
}

test('by keyboard: a variable is added, one changed, one removed; then undone', async () => {
  await list.show('school')
  await section().getByRole('button', { name: 'Edit…' }).click()
  await expect(field('NODE_ENV')).toBeFocused()
  await expect(dialog().getByRole('region', { name: 'Written by Instance Manager' })).toContainText('PORT')
  const change = dialog().getByRole('button', { name: 'Change', exact: true })
  await expect(change).toBeDisabled()
  await field('NODE_ENV').fill('staging')

  await add('PORT', '1')
  const name = dialog().getByRole('textbox', { name: 'Name', exact: true })
  for (const [typed, error] of [
    ['PORT', /Change port/],
    ['EMAIL_USER', 'It is already in the list.'],
    ['1A', /letters, digits and underscores/],
  ] as const) {
    await name.fill(typed)
    await expect(name).toHaveAccessibleDescription(error)
  }
  await name.fill('MAIL_PASSWORD')
  await field('Value of MAIL_PASSWORD').fill('p#1 "x"')
  await field('Value of MAIL_PASSWORD').press('Shift+Enter')
  await field('Value of MAIL_PASSWORD').pressSequentially('two')
  await dialog().getByRole('button', { name: 'Remove EMAIL_USER' }).press('Enter')
  await expect(dialog()).toContainText('Will be removed')
  await field('Value of MAIL_PASSWORD').press('Enter')
  await expect(dialog()).toBeHidden()

  await expect(section()).toContainText('has changed since the last start')
  await expect(section()).toContainText('NODE_ENV, EMAIL_USER and MAIL_PASSWORD')
  await expect(section()).not.toContainText('p#1')
  const env = await envOf(school)
  expect(env).toMatchObject({ NODE_ENV: 'staging', MAIL_PASSWORD: 'p#1 "x"\ntwo' })
  expect(env).not.toHaveProperty('EMAIL_USER')

  await section().getByRole('button', { name: 'Undo…' }).click()
  await dialog().getByRole('button', { name: 'Undo', exact: true }).click()
  await expect.poll(() => envOf(school)).toMatchObject({ NODE_ENV: 'production', EMAIL_USER: '' })
  await expect(section().getByText('staging')).toBeHidden()
})

test('a hidden value is shown on request; a file that was changed meanwhile isn’t overwritten', async () => {
  await section().getByRole('button', { name: 'Edit…' }).click()
  await add('GREETING', 'hello')
  await dialog().getByRole('button', { name: 'Change and restart' }).click()
  await expect(dialog()).toBeHidden()
  await expect.poll(() => answerOf(school.port)).toBe('school hello')
  await expect(section()).not.toContainText('has changed since the last start')

  await section().getByRole('button', { name: 'Edit…' }).click()
  await expect(field('GREETING')).toHaveValue('')
  await field('GREETING').press('x')
  await field('GREETING').press('Backspace') // would empty it
  await dialog().getByRole('button', { name: 'Revert GREETING' }).click()
  await expect(dialog().getByRole('button', { name: 'Change', exact: true })).toBeDisabled()
  await dialog().getByRole('button', { name: 'Show GREETING' }).click()
  await expect(field('GREETING')).toHaveValue('hello')
  await appendFile(join(school.server, '.env'), 'BY_HAND=1\n')
  await field('GREETING').fill('goodbye')
  await field('GREETING').press('Enter')
  await expect(dialog()).toContainText('was changed in the meantime')
  expect(await envOf(school)).toMatchObject({ GREETING: 'hello', BY_HAND: '1' })
  await dialog().getByRole('button', { name: 'Reload' }).click()
  await expect(field('BY_HAND')).toBeVisible()
  await expect(dialog()).not.toContainText('was changed in the meantime')

  const discard = window.getByRole('dialog', { name: 'Discard what you typed?' })
  await field('NODE_ENV').fill('staging')
  await window.keyboard.press('Escape')
  await expect(discard).toBeVisible()
  await window.keyboard.press('Escape')
  await expect(discard).toBeHidden()
  await expect(field('NODE_ENV')).toHaveValue('staging')
  await window.keyboard.press('Escape')
  await discard.getByRole('button', { name: 'Discard' }).click()
  await expect(dialog()).toHaveCount(0)
})

test('several at once', async () => {
  await list.room.go('Instances')
  await window.getByRole('checkbox', { name: 'Select all shown instances' }).check()
  await window.emulateMedia({ reducedMotion: 'reduce' }) // then Esc removes the dialog before the list hears of it
  const open = list.chosen.getByRole('button', { name: 'Environment…' })
  await open.click()
  await expect(dialog()).toBeVisible()
  await window.keyboard.press('Escape')
  await expect(open).toBeFocused() // so what was selected still is
  await open.click()
  await dialog().getByRole('textbox', { name: 'Name', exact: true }).fill('LOG_LEVEL')
  await field('Value of LOG_LEVEL').fill('debug')
  await dialog().getByRole('button', { name: 'Change', exact: true }).click()
  await expect(list.report).toContainText('Changed 2 of 2')
  expect([(await envOf(school))['LOG_LEVEL'], (await envOf(college))['LOG_LEVEL']]).toEqual(['debug', 'debug'])
})

test('a terminal in its folder: all keys are its own, it survives a look at the logs, and its end is shown', async () => {
  await list.show('school')
  const main = window.getByRole('main')
  await main.getByRole('link', { name: 'Terminal' }).click()
  const terminal = main.getByRole('region', { name: 'Terminal of school' })
  await expect(terminal.getByRole('textbox')).toBeFocused()
  await expect(terminal).toContainText(school.folder)
  const rows = terminal.locator('.xterm-rows')
  await expect(rows).toContainText(/[#$]/)
  await window.keyboard.type('?') // elsewhere, it shows the shortcuts
  await window.keyboard.press('Control+k') // and this opens the search
  await window.keyboard.press('Control+u')
  await window.keyboard.type('echo answer-$((6*7))\n')
  await expect(rows).toContainText('answer-42')
  await expect(dialog()).toHaveCount(0)

  await window.evaluate(() => navigator.clipboard.writeText('echo pasted-$((6*7))'))
  await window.keyboard.press('Control+Shift+V')
  await window.keyboard.press('Enter')
  await expect(rows).toContainText('pasted-42')

  await main.getByRole('link', { name: 'Logs' }).click()
  await main.getByRole('link', { name: 'Terminal' }).click()
  await expect(rows).toContainText('answer-42')
  await window.keyboard.press('Shift+Escape')
  await expect(terminal.getByRole('button', { name: 'End shell' })).toBeFocused()
  await terminal.getByRole('textbox').focus()
  await window.keyboard.type('exit 3\n')
  await expect(terminal.getByRole('status')).toContainText('The shell exited with code 3.')
  await expect(terminal.getByRole('status')).toBeFocused()
  await window.keyboard.press('Space') // of whoever is still typing
  await expect(rows).toContainText('answer-42')
  await terminal.getByRole('textbox').focus()
  await window.keyboard.press('Tab')
  await expect(terminal.getByRole('button', { name: 'Open a new shell' })).toBeFocused()
  await terminal.getByRole('button', { name: 'Open a new shell' }).click()
  await expect(rows).not.toContainText('answer-42')
  await expect(terminal).toContainText(school.folder)
})
