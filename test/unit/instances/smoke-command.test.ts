/** A smoke test that is a command and never ends. */
import { execPath } from 'node:process'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { smokeTest, type SmokeServices } from '../../../src/main/instances/smoke/run'
import { isAlive } from '../../../src/main/system/proc'
import { createRun } from '../../../src/main/system/run'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

it('is stopped after two minutes with its children, and what it printed is kept', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const root = await temporary()
  const services = {
    paths: workspacePaths(root),
    run: createRun(root),
    node: { path: execPath },
    settings: { read: () => Promise.resolve({ ports: { postgres: 1, pgbouncer: 2 } }) },
  } as unknown as SmokeServices // the rest is for the test of the database, which is skipped: there is no DATABASE_URL
  const manifest = manifestSchema.parse({ smoke: [{ command: ['sh', '-c', 'sleep 1000 & echo "child $!"; wait'] }] })
  const slot = { folder: root, server: root, client: root, env: join(root, '.env') }
  const { signal } = new AbortController()
  let child: (pid: number) => void
  const begun = new Promise<number>(resolve => (child = resolve))
  let [printed, ended] = ['', false]
  const output = (chunk: string): void => {
    printed += chunk
    const pid = /child (\d+)\n/.exec(printed)?.[1]
    if (pid !== undefined) child(Number(pid))
  }
  const found = smokeTest(services, { name: 'school', slot, port: 1 }, manifest, {
    signal,
    output,
    note: () => undefined,
  })
  void found.finally(() => (ended = true))
  const pid = await begun
  await vi.advanceTimersByTimeAsync(119_999)
  expect([ended, await isAlive(pid)]).toEqual([false, true])
  await vi.advanceTimersByTimeAsync(1)
  expect(await found).toMatchObject({
    code: 'smoke-failed',
    cause: expect.stringMatching(/wait: It took longer than 120 s and was stopped\.$/) as string,
    details: expect.stringContaining(`child ${pid}\n`) as string,
  })
  vi.useRealTimers()
  await vi.waitUntil(async () => !(await isAlive(pid)), { timeout: 10_000 })
})
