/**
 * A rotation that is killed at any moment is finished, or never was, at the next opening; its writer goes on all the
 * time.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rotateOnce, settle } from '../../../src/main/logs/rotate-file'
import { createRun } from '../../../src/main/system/run'
import { childProgram } from '../../support/child-command'
import { until } from '../../support/pm2'
import { requires } from '../../support/requires'
import { archivesOf, hashOf, startWriter, wholeLog } from '../../support/rotated'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im-rotation-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = createRun('test-rotation')
let count = 0

/** A rotation in a process of its own. @returns what it has begun to change, in order */
async function rotate(live: string, at = 0): Promise<{ changes: string[]; killed: boolean }> {
  const [node, child] = childProgram('rotate-child')
  const { stdout, signal } = await execa(node, [child, live, String(at)], {
    reject: false,
    timeout: 60_000,
    killSignal: 'SIGTERM',
  })
  return { changes: stdout.split('\n'), killed: signal === 'SIGKILL' }
}

/** A log that is written to, with enough in it for a rotation of 2 MB, and then another one of 1 MB. */
async function busyLog(parent: string) {
  const live = join(parent, `app-${++count}.log`)
  const stop = startWriter(live)
  await until(async () => (await wholeLog(live).catch(() => Buffer.alloc(0))).length > 3_200_000)
  return { live, stop }
}

async function expectEveryMomentSafe(parent: string): Promise<void> {
  const probe = await busyLog(parent)
  const { changes } = await rotate(probe.live)
  await probe.stop()
  expect(changes.map(it => it.replace(/\d{15}/g, 'N'))).toEqual([
    'write',
    'sync',
    'rename to .N-N.pending.gz',
    'sync',
    'fallocate --punch-hole',
    'sync',
    'rename to .N-N.hole-N.pending.gz',
    'sync',
    'fallocate --collapse-range',
    'sync',
    expect.stringMatching(/^rename to \.N-N(\.hole-N)?\.gz$/),
    'sync',
  ])
  for (let at = 1; at <= changes.length; at++) {
    const { live, stop } = await busyLog(parent)
    expect(await rotate(live, at)).toMatchObject({ killed: true })
    await settle(live, run)
    await settle(live, run) // twice is once
    expect((await readdir(parent)).filter(it => /pending|tmp$/.test(it))).toEqual([])
    expect((await archivesOf(live)).length, `killed after ${at}`).toBe(at < 3 ? 0 : 1)
    expect(await rotateOnce(live, 1_048_576, { run, signal: new AbortController().signal })).toBe(true)
    const written = await stop()
    const whole = await wholeLog(live)
    expect({ bytes: whole.length, hash: hashOf(whole) }, `killed after ${at}`).toEqual({
      bytes: written.bytes,
      hash: written.hash,
    })
    await Promise.all([live, ...(await archivesOf(live)).map(it => it.path)].map(it => rm(it)))
  }
}

describe('killed after each change', () => {
  it('nothing is lost or there twice', async () => {
    await expect(expectEveryMomentSafe(folder)).resolves.toBeUndefined()
  })

  it('nor where a file cannot be cut in front', async context => {
    requires(context, process.getuid?.() === 0, 'mounting a tmpfs needs root')
    const mounted = join(folder, 'tmpfs')
    await mkdir(mounted)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'none', mounted])
    try {
      await expect(expectEveryMomentSafe(mounted)).resolves.toBeUndefined()
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })
})

it.each([3, 5, 7, 9])(
  'killed after change %i, then emptied by hand: what was archived stays, and so does what was written since',
  async at => {
    const { live, stop } = await busyLog(folder)
    expect(await rotate(live, at)).toMatchObject({ killed: true })
    await stop()
    await truncate(live)
    const since = startWriter(live)
    const written = await since()
    await settle(live, run)
    const [archive] = await archivesOf(live)
    expect(hashOf((await wholeLog(live)).subarray(archive?.end))).toBe(written.hash)
  },
)
