/** With a real Podman and no registry: PostgreSQL's image is loaded from a file in the window, and then all starts. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { execa } from 'execa'
import { podmanForTests } from '../support/podman/podman'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { violations } from './support/accessible'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { podmanDo, podmanHome } from './support/podman-home'

const podman = await podmanForTests()
test.skip('missing' in podman, 'missing' in podman ? podman.missing : '')

const home = podmanHome(`im-test-file-${process.pid}`)
const image = `127.0.0.1:1/im-test/postgres:${process.pid}` // nothing listens there

let place: TestHome
let window: Page
let setup: Setup
let room: ControlRoom

test.beforeAll(async ({ prepared }) => {
  if ('missing' in podman) return
  place = await testHome()
  await home.choose(place, { postgresImage: image, pgbouncerImage: podman.images.pgbouncer })
  await place.placeWorkspace(prepared)
  await podmanDo('tag', podman.images.postgres, image)
  await execa('podman', ['save', '--output', join(place.home.path, 'postgres.tar'), image])
  await podmanDo('untag', podman.images.postgres, image)
  await writeFile(join(place.home.path, 'notes.tar'), 'not an archive')
  ;({ window } = await place.launch({ workspace: place.root }))
  setup = new Setup(window)
  room = new ControlRoom(window)
})
test.afterAll(async () => {
  await place.remove()
  await home.remove(image)
})

test('the image that can’t be pulled is loaded from a file, by keyboard; then the start goes on', async () => {
  await setup.start.click()
  const failure = window.getByRole('alert').filter({ hasText: 'couldn’t pull' })
  await expect(failure.getByRole('button', { name: 'Use Embedded instead' })).toBeVisible()
  await failure.getByRole('button', { name: 'Load it from a file…' }).press('Enter')
  const dialog = room.dialog('Load an image from a file')
  await expect(dialog.getByText(`docker save --output image.tar ${image}`)).toBeVisible()
  expect(await violations(window)).toEqual([])

  const file = dialog.getByRole('textbox', { name: 'File' })
  await expect(file).toBeFocused()
  await file.press('Enter')
  await expect(dialog.getByText('Choose a file.')).toBeVisible()
  await file.fill(join(place.home.path, 'notes.tar'))
  await file.press('Enter')
  await expect(dialog.getByRole('alert')).toContainText('notes.tar wasn’t loaded.')

  await file.fill(join(place.home.path, 'postgres.tar'))
  await file.press('Enter')
  await expect(dialog.getByRole('status')).toHaveText(`${image} was loaded.`, { timeout: 120_000 })
  await expect(dialog.getByRole('button', { name: 'Done' })).toBeFocused()
  await window.keyboard.press('Enter')
  await failure.getByRole('button', { name: 'Try again' }).click()
  await setup.goOn.click({ timeout: 120_000 })
})

test('it can be loaded from the palette and for an upgrade, too', async () => {
  await window.keyboard.press('Control+k')
  await window.keyboard.type('load an image')
  await expect(room.found).toContainText('Load an image from a file…')
  await window.keyboard.press('Enter')
  await expect(room.dialog('Load an image from a file')).toContainText('IMAGE')
  await window.keyboard.press('Escape')

  await room.go('Infrastructure')
  await window.getByRole('button', { name: 'Upgrade PostgreSQL…' }).click()
  const upgrade = room.dialog('Upgrade PostgreSQL')
  await upgrade.getByRole('textbox', { name: 'Image' }).fill('registry.invalid/postgres:17')
  await upgrade.getByRole('button', { name: 'Load it from a file…' }).click()
  await expect(room.dialog('Load an image from a file')).toContainText('registry.invalid/postgres:17')
})
