/**
 * The helper that holds the workspace's lock is ended by someone: the window says so, and the workspace can be opened
 * again.
 */
import { join } from 'node:path'
import { createSample } from '../../src/main/workspace/sample'
import { resources } from '../support/workspace'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { lockHolders } from './support/lock'

let place: TestHome
test.beforeAll(async () => {
  place = await testHome()
})
test.afterAll(() => place.remove())

test('a lost lock closes the workspace with the reason, and it can be opened again', async () => {
  await createSample(join(resources, 'sample-app'), place.root)
  const { window } = await place.launch({ workspace: place.root })
  const later = window.getByRole('button', { name: 'Later' }) // of the set-up, which covers the rest
  await later.click()
  await expect.poll(() => lockHolders(place.root)).toHaveLength(1)
  for (const pid of await lockHolders(place.root)) process.kill(pid, 'SIGKILL')
  await expect(window.getByText('The workspace was closed: its lock was lost.')).toBeVisible()
  await window
    .getByRole('button', { name: /workspace/ })
    .first()
    .click()
  await expect.poll(() => lockHolders(place.root)).toHaveLength(1)
  await expect(window.getByText('its lock was lost')).toHaveCount(0)
})
