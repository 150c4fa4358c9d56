import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { Daemon, pm2Paths } from '../../../src/main/processes/daemon'
import { misfit } from '../../../src/main/processes/daemon-fit'
import { findNode } from '../../../src/main/system/node'
import { environmentOf, isAlive } from '../../../src/main/system/proc'
import { privatePm2, sure, type PrivatePm2 } from '../../support/pm2'

let pm2: PrivatePm2
beforeEach(async () => {
  pm2 = await privatePm2()
})
afterEach(() => pm2.cleanUp())

test('starts with a real Node and a small environment', async () => {
  process.env['IM_TEST_CANARY'] = 'canary-4711'
  onTestFinished(() => {
    delete process.env['IM_TEST_CANARY']
  })
  await new Daemon(pm2.home).ensure()
  const environment = await environmentOf(sure(await pm2.daemonPid()))
  expect(environment.get('PM2_HOME')).toBe(pm2.home)
  const allowed = [
    'PWD',
    'SHLVL',
    '_',
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'LANG',
    'LC_ALL',
    'TZ',
    'TMPDIR',
    'XDG_RUNTIME_DIR',
    'NODE_EXTRA_CA_CERTS',
    'PM2_HOME',
  ]
  expect([...environment.keys()].filter(it => !allowed.includes(it) && !it.startsWith('NODE_CHANNEL_'))).toEqual([])
})

test('many callers in one process start one daemon', async () => {
  await Promise.all(Array.from({ length: 5 }, () => new Daemon(pm2.home).ensure()))
  expect(await pm2.daemons()).toEqual([await pm2.daemonPid()])
})

test('several processes at once start one daemon, over stale sockets too', async () => {
  await new Daemon(pm2.home).ensure()
  await pm2.killDaemon()
  const ours = Array.from({ length: 3 }, () =>
    spawn(
      process.execPath,
      [
        '--import',
        'tsx',
        '--input-type=module',
        '-e',
        `import { Daemon } from ${JSON.stringify(resolve('src/main/processes/daemon.ts'))}; await new Daemon(${JSON.stringify(pm2.home)}).ensure()`,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    ),
  )
  const codes = await Promise.all(ours.map(async it => ((await once(it, 'exit')) as [number])[0]))
  expect(codes).toEqual([0, 0, 0])
  expect(await pm2.daemons()).toEqual([await pm2.daemonPid()])
})

test('a stale pid file of a living stranger does not count as a daemon', async () => {
  await new Daemon(pm2.home).ensure()
  await pm2.killDaemon()
  await writeFile(pm2Paths(pm2.home).pid, String(process.pid))
  await new Daemon(pm2.home).ensure()
  const pid = sure(await pm2.daemonPid())
  expect(pid).not.toBe(process.pid)
  expect(await isAlive(pid)).toBe(true)
})

test('a home whose sockets have too long a path is refused with the reason', async () => {
  await expect(new Daemon(`/tmp/${'x'.repeat(100)}`).ensure()).rejects.toMatchObject({
    problem: { code: 'pm2-home-too-long' },
  })
})

test('Node is found on PATH', async () => {
  expect(await findNode()).toMatch(/^\/.*\/node$/)
})

test('an app fits a daemon on another installation of the same major version of Node, as after an upgrade', async () => {
  const [same, other] = [join(pm2.home, '..', 'same'), join(pm2.home, '..', 'other')]
  await Promise.all([same, other].map(it => mkdir(it)))
  await copyFile(process.execPath, join(same, 'node'))
  await writeFile(join(other, 'node'), '#!/bin/sh\necho v99.0.0\n', { mode: 0o755 })
  const given = process.env['PATH']
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('PATH', `${same}:${given}`)
  await new Daemon(pm2.home).ensure()
  vi.stubEnv('PATH', given)
  expect(await misfit(pm2.home, {})).toBeUndefined()
  vi.stubEnv('PATH', `${other}:${given}`)
  expect(await misfit(pm2.home, {})).toBe(`The daemon runs on ${same}/node, not on ${other}/node.`)
})
