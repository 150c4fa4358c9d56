/** A real Podman that can't pull: which registry, why, and two ways on. What is said disappears with its cause. */
import { spawnSync } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from '@playwright/test'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { expect, test, testHome, type TestHome } from './support/fixtures'

process.env['CONTAINERS_CONF'] ??= fileURLToPath(new URL('../support/podman/containers.conf', import.meta.url))
test.skip(spawnSync('podman', ['info'], { timeout: 20_000 }).status !== 0, 'podman doesn’t work here')

let place: TestHome
let window: Page
let setup: Setup

test.beforeAll(async ({ prepared }) => {
  place = await testHome()
  const defaults = JSON.parse(await readFile(place.defaults, 'utf8')) as Record<string, unknown>
  const containers = { postgresImage: 'registry.invalid/postgres:15' } // a name that never resolves (RFC 2606)
  await writeFile(place.defaults, JSON.stringify({ ...defaults, driver: undefined, containers }))
  await place.placeWorkspace(prepared)
  ;({ window } = await place.launch({ workspace: place.root }))
  setup = new Setup(window)
  await setup.start.click()
})
test.afterAll(() => place.remove())

/** How many have ended. Alerts don't say: they are the same each time. */
async function endedStarts(): Promise<number> {
  const folder = join(place.root, '.instance-manager/operations')
  const journals = (await readdir(folder)).filter(it => it.endsWith('.jsonl'))
  const texts = await Promise.all(journals.map(it => readFile(join(folder, it), 'utf8')))
  return texts.filter(it => it.includes('"type":"settled"')).length
}

const failure = () =>
  window.getByRole('main').locator('[role="alert"], [role="group"]').filter({ hasText: 'couldn’t pull' })

test('it says what can’t be reached, and why', async () => {
  for (const text of [
    'Podman couldn’t pull registry.invalid/postgres:15: registry.invalid could not be reached.',
    'Its name couldn’t be resolved.',
  ])
    await expect(failure()).toContainText(text)
  await expect(failure().getByRole('button', { name: 'Use Embedded instead' })).toBeVisible()
  expect(await setup.driver('Embedded').isVisible()).toBe(true) // at once: what is known is shown while it is asked again
})

test('it disappears when another driver is chosen', async () => {
  await setup.driver('Embedded').click()
  await expect(setup.driver('Embedded')).toBeChecked()
  await expect(failure()).toHaveCount(0)
})

test('on the infrastructure screen as well; there, Use Embedded instead starts everything', async () => {
  await window.getByRole('button', { name: 'Later' }).click()
  const room = new ControlRoom(window)
  await room.go('Infrastructure')
  await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Not set up')
  await setup.driver('Podman').click()
  await expect(setup.driver('Podman')).toBeChecked()
  await window.getByRole('button', { name: 'Start both' }).click()
  await expect.poll(endedStarts).toBe(2)
  await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Failed')
  const card = window.getByRole('region', { name: 'PostgreSQL', exact: true })
  await card.getByRole('button', { name: 'Try again' }).click()
  await expect.poll(endedStarts).toBe(3)
  await failure().getByRole('button', { name: 'Try again' }).waitFor() // it says so once, on the card

  await setup.driver('Embedded').click()
  await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Not set up')
  await expect(failure()).toHaveCount(0)

  await setup.driver('Podman').click()
  await failure().getByRole('button', { name: 'Use Embedded instead' }).click()
  await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Running', { timeout: 120_000 })
  await room.go('Infrastructure')
  await expect(failure()).toHaveCount(0)
  await expect(setup.driver('Embedded')).toBeChecked()
})
