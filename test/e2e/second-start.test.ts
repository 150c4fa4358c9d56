/** The app is started again while it runs: one window, and the workspace or screen that the second start names. */
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

test('a second start opens its workspace, or its screen, in the window that is there', async () => {
  const [one, two] = ['first-school', 'second-school'].map(it => join(place.home.path, it)) as [string, string]
  for (const it of [one, two]) await createSample(join(resources, 'sample-app'), it)
  const { app, window } = await place.launch({ workspace: one })
  const later = window.getByRole('button', { name: 'Later' }) // of the set-up, which covers the rest
  await later.click()
  await expect(window.getByText('first-school').first()).toBeVisible()
  const project = join(import.meta.dirname, '../..')
  const start = (...args: string[]) =>
    execa(
      app.process().spawnfile,
      ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), project, ...args],
      { env: { ...place.home.env, INSTANCE_MANAGER_DEFAULTS: place.defaults }, extendEnv: false, timeout: 60_000 },
    )
  await start('--workspace', two) // it ends at once: the first one has taken it over
  await later.click()
  await expect(window.getByText('second-school').first()).toBeVisible()
  await start('--screen=/create')
  await expect(window).toHaveURL(/#\/create$/)
  await start('--screen=/nonsense')
  await expect(window).toHaveURL(/#\/create$/)
  expect(app.windows()).toHaveLength(1)

  // Another app, e.g. on another display, shows it through this one.
  const { window: elsewhere } = await place.launch({ workspace: two, data: join(place.home.path, 'elsewhere') })
  await expect(elsewhere.getByText(`It is a window, process ${app.process().pid}`)).toBeVisible()
  await elsewhere.getByRole('button', { name: 'Show it in this window' }).click()
  await elsewhere.getByRole('button', { name: 'Later' }).click()
  await expect(elsewhere.getByText('second-school').first()).toBeVisible()
})
