/** Creating, moving and deleting several instances at once, in a real window. */
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ElectronApplication, Page } from '@playwright/test'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page
let app: ElectronApplication

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true, create: ['school'] })
  const bin = join(place.home.path, 'bin')
  await mkdir(bin)
  await writeFile(join(bin, 'x-terminal-emulator'), '#!/bin/sh\npwd > "$HOME/terminal"\n', { mode: 0o755 })
  ;({ window, app } = await place.launch({ workspace: place.root, bin }))
})
test.afterAll(() => place.remove())

test('from a CSV file: every row is checked, and its mistakes are shown beside it', async () => {
  await window.getByRole('link', { name: 'New instance' }).click()
  await window.getByRole('link', { name: 'Create several…' }).click()
  const text = window.getByRole('textbox', { name: 'The list' })
  await expect(text).toBeFocused()
  await text.fill('name;director')
  await expect(text).toHaveAccessibleDescription(/Missing: email/)
  const file = (second: string) => ({
    name: 'schools.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`Name;Port;Director;Email\nnorth;;Ada;ada@north.example\n${second};;Ada;ada@south.example\n`),
  })
  await window.locator('input[type=file]').setInputFiles(file('SCHOOL'))
  const preview = window.getByRole('region', { name: 'Preview' })
  await expect(preview.getByText('There is already an instance “school”.')).toBeVisible()
  await expect(preview.getByRole('row')).toContainText(['Row', '2SCHOOL', '1north']) // what needs a correction comes first
  const create = window.getByRole('button', { name: 'Create 2 instances' })
  await expect(create).toBeDisabled()
  await window.locator('input[type=file]').setInputFiles(file('south'))
  await expect(window.getByText('Every row is right.')).toBeVisible()
  await create.click()
  await expect(new InstanceList(window).report).toContainText('Created 2 of 2', { timeout: 120_000 })
})

test('their passwords are shown together, once', async () => {
  await new InstanceList(window)
    .banner(/passwords haven’t been shown/)
    .getByRole('button', { name: 'Show them…' })
    .click()
  const dialog = window.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Show the passwords' }).click()
  const table = dialog.getByRole('table', { name: 'Passwords' })
  await expect(table.getByRole('row', { name: /^south ada@south\.example \w{24}/ })).toBeVisible()
  await window.keyboard.press('Escape')
  await expect(table).toBeVisible() // only this dialog has them
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect(window.getByText('passwords haven’t been shown')).toBeHidden()
})

test('several are moved to ports one after the other, and deleted', async () => {
  const list = new InstanceList(window)
  const more = async (action: string): Promise<void> => {
    await list.chosen.getByRole('button', { name: 'More' }).click()
    await list.menu.getByRole('menuitem', { name: action }).click()
  }
  await list.choose('th', 2)
  await more('Change ports…')
  const dialog = window.getByRole('dialog')
  const first = place.ports.firstInstance + 50
  await dialog.getByRole('textbox', { name: 'First port' }).fill('80')
  await expect(dialog.getByRole('button', { name: 'Change and restart' })).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'First port' }).fill(String(first))
  const ports = dialog.getByRole('list', { name: 'New ports' })
  await expect(ports.getByRole('listitem')).toHaveCount(2)
  const shown = await ports.getByRole('listitem').allTextContents()
  await dialog.getByRole('textbox', { name: 'First port' }).press('Enter')
  await expect(list.report).toContainText('Moved 2 of 2', { timeout: 120_000 })
  for (const it of shown) {
    const [, name = '', port = ''] = /^(\w+th)\d+ → (\d+)$/.exec(it) ?? []
    await expect(list.row(name)).toContainText(port)
  }

  await list.choose('th', 2)
  await more('Delete…')
  await expect(dialog.getByRole('list', { name: 'This will be deleted' }).getByRole('listitem')).toHaveCount(2)
  const remove = dialog.getByRole('button', { name: 'Delete 2 instances' })
  await expect(remove).toBeDisabled()
  await dialog.getByRole('textbox', { name: 'Type 2 instances to confirm' }).fill('2 instances')
  await remove.click()
  await expect(list.report).toContainText('Deleted 2 of 2', { timeout: 120_000 })
  await list.search.fill('')
  await window.getByRole('button', { name: 'What this machine is used for' }).click()
  await expect(window.getByRole('dialog').locator('dt', { hasText: 'Prepared releases' })).toBeVisible()
  await expect(window.getByRole('dialog').locator('dd').filter({ hasText: 'measuring' })).toHaveCount(0)
  await window.keyboard.press('Escape')
  await expect(list.row('school')).toBeVisible()
  await expect(list.row('north')).toBeHidden()
})

test('tags and notes: written by keyboard, found, filtered by, shown', async () => {
  const list = new InstanceList(window)
  await list.act('school', 'Tags and notes…')
  const dialog = window.getByRole('dialog')
  await expect(dialog.getByRole('combobox', { name: 'Tags' })).toBeFocused()
  await window.keyboard.type('trial,Year 9')
  await window.keyboard.press('Tab')
  await dialog.getByRole('textbox', { name: 'Notes' }).fill('Ends in May.')
  await dialog.getByRole('checkbox', { name: 'Favourite' }).check()
  await dialog.getByRole('checkbox', { name: 'Protected' }).check()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await list.filter('Year 9').click()
  await expect(list.row('school').getByTitle('school (favourite): trial, Year 9')).toBeVisible()
  const asked = window.getByRole('dialog', { name: 'Stop school?' })
  const confirm = async (): Promise<void> => {
    await expect(asked.getByRole('textbox', { name: 'Type school to confirm' })).toBeFocused()
    await window.keyboard.type('school')
    await window.keyboard.press('Enter')
    await expect(asked).toBeHidden()
  }
  const journals = join(place.root, '.instance-manager/operations')
  await rename(journals, `${journals}.away`)
  await list.button('Stop', 'school').click()
  await confirm()
  const notice = list.news('The operation’s journal couldn’t be written')
  await notice.waitFor()
  await rename(`${journals}.away`, journals)
  await notice.getByRole('button', { name: 'Try again' }).click()
  await confirm() // once more
  await expect(list.row('school')).toContainText('Stopped')
  await list.button('Start', 'school').click()
  await expect(list.row('school')).toContainText('Online')
  await list.filter('All').click()
  await list.search.fill('TRIAL')
  await list.show('school')
  await expect(window.getByText('trial · Year 9')).toBeVisible()
  await expect(window.getByRole('region', { name: 'Notes' })).toContainText('Ends in May.')
})

test('the list and the diagnostics are saved as files', async () => {
  await app.evaluate(({ session }, folder) => {
    session.defaultSession.on('will-download', (_, item) => item.setSavePath(`${folder}/${item.getFilename()}`))
  }, place.home.path)
  const saved = async (begins: string): Promise<string> => {
    const name = (await readdir(place.home.path)).find(it => it.startsWith(begins) && !it.endsWith('.crdownload'))
    return name === undefined ? '' : readFile(join(place.home.path, name), 'utf8')
  }
  const list = new InstanceList(window)
  await list.room.go('Instances')
  await window.getByRole('button', { name: 'Export the list as a CSV file' }).click()
  await expect.poll(() => saved('instances-')).toMatch(/^name,status,port,.*\nschool,online,\d+,/)
  await window.keyboard.press('Control+k')
  await window.keyboard.type('Help')
  await expect(list.room.found).toContainText('Help')
  await window.keyboard.press('Enter')
  await window.getByRole('button', { name: 'Save diagnostics' }).click()
  await expect.poll(() => saved('diagnostics-'), { timeout: 60_000 }).toContain('"Instance Manager"')
  await list.room.go('Instances')
  await list.search.fill('')
  await list.show('school')
})

test('an instance’s folder is shown, a terminal opened there; its psql command can be copied', async () => {
  const folder = join(place.root, 'instances/school')
  await app.evaluate(({ shell }) => {
    shell.openPath = path => Promise.resolve(`no file manager for ${path}`)
  })
  await window.getByRole('button', { name: 'Open the folder', exact: true }).click()
  await expect(new InstanceList(window).news(`no file manager for ${folder}`)).toBeVisible()
  await window.getByRole('button', { name: 'Open a terminal in the folder' }).click()
  await expect.poll(() => readFile(join(place.home.path, 'terminal'), 'utf8').catch(() => '')).toBe(`${folder}\n`)
  await expect(
    window.getByText(`psql -h 127.0.0.1 -p ${place.ports.postgres} -U school_user -d school_db`),
  ).toBeVisible()
})

test('a protected instance is renamed on its page, which then has the new name; its notice offers the old one', async () => {
  await window.getByRole('button', { name: 'Actions for school' }).click()
  await window.getByRole('menuitem', { name: 'Rename…' }).click()
  const dialog = window.getByRole('dialog', { name: 'Rename school' })
  const field = dialog.getByRole('textbox', { name: 'New name' })
  await expect(field).toBeFocused()
  await window.keyboard.type('all') // replaces the name, which is selected
  await expect(field).toHaveAccessibleDescription(/“all” can’t be a name/)
  const login = join(place.root, 'instances/school/db-config.json')
  const whole = await readFile(login)
  await writeFile(login, '{')
  await field.fill('university')
  await expect(dialog.getByRole('alert')).toContainText(`${login} can’t be used.`)
  await expect(dialog.getByRole('button', { name: /^Rename/ })).toBeDisabled()
  await writeFile(login, whole)
  await dialog.getByRole('button', { name: 'Try again' }).click()
  await expect(dialog.getByText('“university” is available.')).toBeVisible()
  await field.fill('college')
  await expect(dialog.getByText('“college” is available.')).toBeVisible()
  await expect(dialog.getByRole('list', { name: 'What will be renamed' })).toContainText('school_db → college_db')
  await window.keyboard.press('Enter')
  const confirm = async (name: string): Promise<void> => {
    await expect(window.getByRole('textbox', { name: `Type ${name} to confirm` })).toBeFocused()
    await window.keyboard.type(name)
    await window.keyboard.press('Enter')
  }
  await confirm('school')
  const list = new InstanceList(window)
  await list.room.title('college').waitFor()
  await expect(window.getByText('-U college_user -d college_db')).toBeVisible()
  await expect(window.getByRole('region', { name: 'History' })).toContainText('Create “school”')
  await list.news('“school” is now “college”').getByRole('button', { name: 'Rename back' }).click()
  await confirm('college')
  await expect(list.news('“college” is now “school”')).toBeVisible()
  await list.room.title('school').waitFor()
})
