/** PostgreSQL moves to another driver in a real window, and what it left behind is removed. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { execa } from 'execa'
import type { CliInstance } from '../support/cli-instance'
import { workspacePaths } from '../../src/main/workspace/paths'
import { podmanForTests } from '../support/podman/podman'
import { ControlRoom } from './pages/control-room'
import { violations } from './support/accessible'
import { expect, test } from './support/fixtures'
import { settled } from './support/looks'
import { answerOf, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let school: CliInstance
let window: Page
let room: ControlRoom

const podman = await podmanForTests()
const newer = await podmanForTests(17)
const missing = [podman, newer].find(it => 'missing' in it)
test.skip(missing !== undefined, missing && 'missing' in missing ? missing.missing : '')

const name = `im-test-move-${process.pid}`
const image17 = `localhost/im-test/postgres:17-${process.pid}`
const containers = { postgres: `${name}-postgres`, pgbouncer: `${name}-pgbouncer` }
const engine = (...args: string[]) => execa('podman', args, { reject: false, input: '' })
const volumes = async (): Promise<string> => (await engine('volume', 'ls', '--quiet')).stdout

test.beforeAll(async () => {
  if ('missing' in podman || 'missing' in newer) return
  await engine('tag', newer.images.postgres, image17)
  place = await tinyHome({ infrastructure: true })
  // New workspaces get 17, but this one has chosen 15.
  const { postgres, pgbouncer } = podman.images
  const defaults = JSON.parse(await readFile(place.defaults, 'utf8')) as object
  const images = { postgresImage: image17, pgbouncerImage: pgbouncer }
  await writeFile(place.defaults, JSON.stringify({ ...defaults, containers: { ...containers, ...images } }))
  await writeFile(workspacePaths(place.root).settings, JSON.stringify({ containers: { postgresImage: postgres } }))
  school = await place.layOut('School')
  await place.makeDatabase(school)
  await place.startByCli(school)
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
})
test.afterAll(async () => {
  await place.remove()
  await engine('rm', '--force', '--time', '0', containers.pgbouncer, containers.postgres)
  await engine('volume', 'rm', '--force', `instance-manager-${containers.postgres}`)
  await engine('network', 'rm', `instance-manager-${containers.postgres}`)
  await engine('untag', image17)
})
test.beforeEach(() => room.go('Infrastructure'))

test('choosing another driver shows what that does and costs; refused while the place is taken', async () => {
  await engine('volume', 'create', `instance-manager-${containers.postgres}`)
  await window.getByRole('radio', { name: 'Podman' }).click()
  const dialog = room.dialog('Move PostgreSQL to Podman?')
  await expect(dialog).toContainText(`the volume instance-manager-${containers.postgres} already exists`)
  await expect(dialog.getByRole('button', { name: 'Move' })).toBeDisabled()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await engine('volume', 'rm', `instance-manager-${containers.postgres}`)
  await expect(window.getByRole('radio', { name: 'Embedded' })).toBeChecked()
})

test('step by step; the instance runs again, and the old one is kept until it is removed', async () => {
  await window.getByRole('radio', { name: 'Podman' }).click()
  const dialog = room.dialog('Move PostgreSQL to Podman?')
  await expect(dialog.getByRole('region', { name: 'What it costs' })).toContainText('then started again: School.')
  await settled(window)
  expect(await violations(window)).toEqual([])
  await dialog.getByRole('button', { name: 'Move' }).click()
  await expect(window.getByRole('region', { name: 'Progress' })).toContainText('Copy the databases')
  await expect(room.told('PostgreSQL was moved to Podman.')).toBeVisible({ timeout: 120_000 })
  await expect(window.getByRole('radio', { name: 'Podman' })).toBeChecked()
  expect(await answerOf(school.port)).toContain('School')
  await expect(window.getByRole('region', { name: 'What runs the services' })).toContainText('under Embedded')
  await window.getByRole('button', { name: 'Remove…' }).click()
  await room.dialog('Remove the old PostgreSQL?').getByRole('button', { name: 'Remove' }).click()
  await expect(window.getByRole('button', { name: 'Remove…' })).toBeHidden({ timeout: 30_000 })
})

test('PostgreSQL’s card offers the newer version; the image is reviewed first, and a cancel undoes it', async () => {
  const card = window.getByRole('region', { name: 'PostgreSQL', exact: true })
  await expect(card).toContainText('(17 is available)')
  await card.getByRole('button', { name: 'Upgrade PostgreSQL…' }).click()
  const dialog = room.dialog('Upgrade PostgreSQL')
  const changes = dialog.getByRole('region', { name: 'What changes' })
  await expect(changes).toContainText(image17)
  const image = dialog.getByRole('textbox', { name: 'Image' })
  await image.fill('no image')
  await expect(changes).toBeHidden()
  await dialog.getByRole('button', { name: 'Review' }).click()
  await expect(dialog).toContainText('Not a valid image name.')
  await image.fill(image17)
  await image.press('Enter')
  await expect(dialog.getByRole('region', { name: 'What it costs' })).toContainText('then started again: School.')
  await settled(window)
  expect(await violations(window)).toEqual([])
  await dialog.getByRole('button', { name: 'Upgrade' }).click()
  const progress = window.getByRole('region', { name: 'Progress' })
  await expect(progress).toContainText('Create the new PostgreSQL')
  await progress.getByRole('button', { name: 'Cancel' }).click()
  await window.getByRole('button', { name: 'Cancel and undo' }).click()
  await expect(window.getByRole('main')).toContainText('You cancelled it.', { timeout: 60_000 })
  await expect.poll(volumes, { timeout: 60_000 }).not.toContain(`${containers.postgres}-2`)
  expect(await answerOf(school.port)).toContain('School')
})
