/** Creating several instances at once, in a real window. */
import type { Page } from '@playwright/test'
import { InstanceList } from './pages/instances'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let window: Page

test.beforeAll(async () => {
  place = await tinyHome({ infrastructure: true, create: ['school'] })
  ;({ window } = await place.launch({ workspace: place.root }))
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
  const create = window.getByRole('button', { name: 'Create 2 instances' })
  await expect(create).toBeDisabled()
  await window.locator('input[type=file]').setInputFiles(file('south'))
  await expect(window.getByText('Every row is right.')).toBeVisible()
  await create.click()
  await expect(new InstanceList(window).report).toContainText('Created 2 of 2')
})
