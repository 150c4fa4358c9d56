/** The app is started again while it runs: one window, and the workspace that the second start names. */
import { join } from 'node:path'
import { execa } from 'execa'
import { createSample } from '../../src/main/workspace/sample'
import { resources } from '../support/workspace'
import { expect, test, testHome, type TestHome } from './support/fixtures'

let place: TestHome
test.beforeAll(async () => {
  place = await testHome()
})
test.afterAll(() => place.remove())

test('a second start opens its workspace in the window that is there', async () => {
  const [one, two] = ['first-school', 'second-school'].map(it => join(place.home.path, it)) as [string, string]
  for (const it of [one, two]) await createSample(join(resources, 'sample-app'), it)
  const { app, window } = await place.launch({ workspace: one })
  const later = window.getByRole('button', { name: 'Later' }) // of the set-up, which covers the rest
  await later.click()
  await expect(window.getByText('first-school').first()).toBeVisible()
  const project = join(import.meta.dirname, '../..')
  const start = (workspace: string) =>
    execa(
      app.process().spawnfile,
      ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), project, '--workspace', workspace],
      { env: { ...place.home.env, INSTANCE_MANAGER_DEFAULTS: place.defaults }, extendEnv: false, timeout: 60_000 },
    )
  await start(two) // it ends at once: the first one has taken it over
  await later.click()
  await expect(window.getByText('second-school').first()).toBeVisible()
  expect(app.windows()).toHaveLength(1)
})
