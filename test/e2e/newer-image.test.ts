/** With a real Podman and a real registry: whether it has newer images is looked up in the window, and a restart takes them. */
import type { Locator, Page } from '@playwright/test'
import { podmanForTests } from '../support/podman/podman'
import { registryForTests, type TestRegistry } from '../support/registry'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { violations } from './support/accessible'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { podmanDo, podmanHome } from './support/podman-home'

const podman = await podmanForTests()
test.skip('missing' in podman, 'missing' in podman ? podman.missing : '')

const home = podmanHome(`im-test-newer-${process.pid}`)
const tag = `postgres:${process.pid}`

let place: TestHome
let registry: TestRegistry
let image: string
let pooler: string
let window: Page
let room: ControlRoom
let card: Locator
let look: Locator

test.beforeAll(async ({ prepared }) => {
  if ('missing' in podman) return
  const found = await registryForTests()
  if ('missing' in found) throw new Error(found.missing)
  registry = found
  image = await registry.give(tag, podman.images.postgres)
  pooler = await registry.give(`pgbouncer:${process.pid}`, podman.images.pgbouncer)
  place = await testHome()
  await home.choose(place, { postgresImage: image, pgbouncerImage: pooler })
  await place.placeWorkspace(prepared)
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
  card = window.getByRole('region', { name: 'PostgreSQL', exact: true })
  look = card.getByRole('button', { name: /^Look for newer images/ })
})
test.afterAll(async () => {
  if ('missing' in podman) return
  await place.remove()
  await home.remove(image, pooler)
  await registry.dispose()
})

const running = async () => (await podmanDo('inspect', '--format', '{{.Image}}', home.containers.postgres)).stdout

test('the image is pulled when the services are started', async () => {
  await new Setup(window).complete()
  await room.go('Infrastructure')
  await expect(card).toContainText(image)
  await expect(look).toBeEnabled()
  expect(await violations(window)).toEqual([])
})

test('a registry that is down is said, and can be asked again', async () => {
  await registry.stop()
  await look.press('Enter')
  const failure = window.getByRole('alert').filter({ hasText: 'Couldn’t look for newer images' })
  await expect(failure).toContainText(`Podman couldn’t pull ${image}`)
  await expect(look).toBeEnabled()
  await failure.getByRole('button', { name: 'Close' }).click()
})

test('that none is newer is said; one that is newer is found, and a restart takes it', async () => {
  if ('missing' in podman) return
  await registry.start()
  await look.press('Enter')
  const told = window.getByRole('alert').filter({ hasText: 'There are no newer images' })
  await told.getByRole('button', { name: 'Close' }).click()
  await registry.give(tag, podman.images.postgres)
  const before = await running()
  await look.press('Enter')
  await expect(card).toContainText('newer after a restart', { timeout: 120_000 })
  expect(await running()).toBe(before)
  expect(await violations(window)).toEqual([])

  await card.getByRole('button', { name: 'Restart PostgreSQL…' }).click()
  await room.dialog('Restart PostgreSQL?').getByRole('button', { name: 'Restart PostgreSQL' }).click()
  await expect(room.told('PostgreSQL is running again.')).toBeVisible({ timeout: 60_000 })
  await expect(look).toBeVisible()
  expect(await running()).not.toBe(before)
})
