/**
 * Copies of other versions are removed while a workspace is open: nobody waits for that when it is opened, but it is
 * finished when it is closed. What is removed: test/unit/system/runtime.test.ts.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { removeOldRuntimes } from '../../../src/main/processes/old-runtimes'
import { readIfExists } from '../../../src/main/system/files'
import { acquireLock } from '../../../src/main/workspace/lock'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'

vi.mock(import('../../../src/main/processes/old-runtimes'), { spy: true })

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
})
afterAll(() => workspace.remove())

it('opening doesn’t wait for the removal, closing does', async () => {
  let finish = (): void => undefined
  const removal = new Promise<void>(done => {
    finish = done
  })
  vi.mocked(removeOldRuntimes).mockReturnValueOnce(removal)
  await workspace.open()
  expect(removeOldRuntimes).toHaveBeenCalledExactlyOnceWith(workspace.host.pm2Home)
  const closed = workspace.close()
  const { appLog, state } = workspacePaths(workspace.root)
  await until(async () => (await readIfExists(appLog))?.includes('The workspace is being closed.'))
  await expect(acquireLock(state, 'command', { waitMs: 300 })).rejects.toMatchObject({
    problem: { code: 'workspace-locked' },
  })
  finish()
  await closed
  await (await acquireLock(state, 'command')).release()
})

it('a copy that can’t be removed keeps nobody from working, and is in the log', async () => {
  vi.mocked(removeOldRuntimes).mockRejectedValueOnce(new Error('the disk is read-only'))
  await workspace.open()
  const log = workspacePaths(workspace.root).appLog
  await expect
    .poll(() => readIfExists(log))
    .toContain('Old copies of Node.js and PM2 stay: Error: the disk is read-only')
  await workspace.close()
})
