/** What a workspace lets go of when it is closed, and when its lock is lost. */
import { readFile, readdir } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { apiRouter } from '../../../src/main/api/router'
import type { App } from '../../../src/main/app'
import type { WorkspaceServices } from '../../../src/main/services'
import { ProblemError } from '../../../src/shared/problem'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
})
beforeEach(() => workspace.open())
afterAll(() => workspace.remove())

/** Subscribes to all there is, as a window does, and never ends it from its side. */
async function watchAll(services: WorkspaceServices): Promise<{ ended: Promise<void[]> }> {
  const caller = apiRouter.createCaller({ app: { workspace: services } as App })
  const begun = new Set<string>()
  const follow = async (name: string, values: Promise<AsyncIterable<unknown>>): Promise<void> => {
    for await (const _ of await values) begun.add(name)
  }
  const ended = Promise.all([
    follow('instances', caller.instances.watch()),
    follow('infrastructure', caller.infrastructure.watch()),
    follow('operations', caller.operations.watch()),
  ])
  await until(() => begun.size === 3)
  return { ended }
}

/** The processes whose only purpose is to hold this workspace's lock. */
async function lockHolders(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)
  const found = await Promise.all(
    pids.map(async pid => {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      const parent = /PPid:\t(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]
      return command === 'cat\0' && Number(parent) === process.pid ? pid : undefined
    }),
  )
  return found.filter(it => it !== undefined)
}

it('every subscription ends with the workspace', async () => {
  const { services } = workspace
  const { ended } = await watchAll(services)
  await workspace.close()
  expect(await ended).toHaveLength(3)
})

it('a lost lock ends them too, says so, and the workspace can be opened again', async () => {
  const { services } = workspace
  const { ended } = await watchAll(services)
  for (const pid of await lockHolders()) process.kill(pid, 'SIGKILL')
  await until(() => services.signal.aborted)
  expect(services.signal.reason).toBeInstanceOf(ProblemError)
  expect((services.signal.reason as ProblemError).problem.code).toBe('workspace-lock-lost')
  await expect(services.operations.start('infrastructure-stop', {})).rejects.toMatchObject({
    problem: { code: 'shutting-down' },
  })
  await workspace.close()
  await ended
  await workspace.open()
  expect(workspace.services.signal.aborted).toBe(false)
})
