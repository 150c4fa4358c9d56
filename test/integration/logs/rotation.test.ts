/**
 * Rotation under writers that never stop: what they wrote, and nothing else, is in the archives and the live file, byte
 * for byte.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Rotation } from '../../../src/main/logs/rotate'
import { createRun } from '../../../src/main/system/run'
import { privatePm2, until, type PrivatePm2 } from '../../support/pm2'
import { requires } from '../../support/requires'
import { archivesOf, hashOf, startWriter, wholeLog } from '../../support/rotated'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'im-rotation-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = createRun('test-rotation')
const everything = 1000 // archives kept

/** Looks without a pause until there are enough archives. */
async function rotateUntil(live: string, archives: number): Promise<void> {
  const { signal } = new AbortController()
  const rotation = new Rotation({
    run,
    signal,
    limits: async () => ({ maxSizeMB: 1, keep: everything }),
    targets: async () => ({ logs: [{ path: live }], pm2Logrotate: false }),
  })
  await until(async () => {
    await rotation.look()
    return (await archivesOf(live)).length >= archives
  })
}

describe('a process that appends to its file', () => {
  it('loses nothing and has nothing twice', async () => {
    const live = join(folder, 'app-out.log')
    const stop = startWriter(live)
    await rotateUntil(live, 12)
    const written = await stop()
    await rotateUntil(live, 12)
    const whole = await wholeLog(live)
    expect({ bytes: whole.length, hash: hashOf(whole) }).toEqual({ bytes: written.bytes, hash: written.hash })
  })

  it('also where a file cannot be cut in front, whose archived part becomes a hole', async context => {
    requires(context, process.getuid?.() === 0, 'mounting a tmpfs needs root')
    const mounted = join(folder, 'tmpfs')
    await mkdir(mounted)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'none', mounted])
    try {
      const live = join(mounted, 'app-out.log')
      const stop = startWriter(live)
      await rotateUntil(live, 12)
      const written = await stop()
      const archives = await archivesOf(live)
      expect(archives.map(it => it.hole)).toEqual(archives.map(() => 0))
      const whole = await wholeLog(live)
      expect({ bytes: whole.length, hash: hashOf(whole) }).toEqual({ bytes: written.bytes, hash: written.hash })
    } finally {
      execFileSync('umount', ['--lazy', mounted])
    }
  })
})

it('a full disk leaves the log as it was; once there is room it is rotated', async context => {
  requires(context, process.getuid?.() === 0, 'mounting a small tmpfs needs root')
  const mounted = join(folder, 'full')
  await mkdir(mounted)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', mounted])
  try {
    const live = join(mounted, 'app-out.log')
    const [text, ballast] = [randomBytes(2_500_000), join(mounted, 'ballast')]
    await writeFile(live, text)
    await writeFile(ballast, Buffer.alloc(1_300_000))
    const rotation = new Rotation({
      run,
      signal: new AbortController().signal,
      limits: async () => ({ maxSizeMB: 1, keep: 5 }),
      targets: async () => ({ logs: [{ path: live, instance: 'app' }], pm2Logrotate: false }),
    })
    await rotation.look()
    expect((await rotation.usage('app')).problem).toMatchObject({
      code: 'log-rotation-failed',
      cause: expect.stringContaining('ENOSPC') as string,
    })
    expect((await readdir(mounted)).toSorted()).toEqual(['app-out.log', 'ballast'])
    expect((await readFile(live)).equals(text)).toBe(true)
    await rm(ballast)
    await rotateUntil(live, 2)
    expect((await wholeLog(live)).equals(text)).toBe(true)
  } finally {
    execFileSync('umount', ['--lazy', mounted])
  }
})

describe('an app under PM2', () => {
  let pm2: PrivatePm2
  beforeAll(async () => {
    pm2 = await privatePm2()
  })
  afterAll(() => pm2.cleanUp())

  it('loses nothing of either stream', async () => {
    const app = await pm2.app(
      'busy',
      `
      let lines = 0
      const { writeFileSync } = require('node:fs')
      const go = () => {
        for (let i = 0; i < 100; i++) { console.log(lines + ' out, with some more words in it'); console.error(lines++ + ' err, with some more words in it') }
        if (!require('node:fs').existsSync('stop')) return void setImmediate(go)
        process.stdout.write('', () => process.stderr.write('', () => { writeFileSync('done', String(lines)); setInterval(() => {}, 1000) }))
      }
      go()`,
    )
    await pm2.processes.list() // starts the daemon
    // Without times: PM2 drops what is behind the last newline of a chunk when it adds them, rotation or not.
    execFileSync(
      process.execPath,
      [createRequire(import.meta.url).resolve('pm2/bin/pm2'), 'start', app.script, '--name', app.name],
      { cwd: app.cwd, env: { ...process.env, PM2_HOME: pm2.home }, stdio: 'ignore' },
    )
    const [out, err] = (await pm2.processes.logFiles(app.name)) as [string, string]
    await Promise.all([rotateUntil(out, 6), rotateUntil(err, 6)])
    await writeFile(join(app.cwd, 'stop'), '')
    await until(() =>
      readFile(join(app.cwd, 'done')).then(
        () => true,
        () => false,
      ),
    )
    const lines = Number(await readFile(join(app.cwd, 'done'), 'utf8'))
    for (const [live, word] of [
      [out, 'out'],
      [err, 'err'],
    ] as const) {
      const expected = Buffer.from(
        Array.from({ length: lines }, (_, index) => `${index} ${word}, with some more words in it\n`).join(''),
      )
      await until(async () => (await wholeLog(live)).length >= expected.length) // PM2 writes what it has read
      await rotateUntil(live, 6)
      const whole = await wholeLog(live)
      expect(whole.equals(expected)).toBe(true)
    }
  })
})
