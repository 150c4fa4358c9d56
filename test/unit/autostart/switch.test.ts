/** The switch, on a machine with stand-ins for systemd and cron (test/support/autostart.ts). */
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { autostartRoom, type Autostart } from '../../../src/main/autostart/room'
import { productIn } from '../../../src/main/system/product'
import { createRun } from '../../../src/main/system/run'
import { unitInstance } from '../../../src/main/system/systemd'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { fakeStarters, type FakeStarters } from '../../support/autostart'
import { temporary } from '../temporary'

const id = '3e9c1f6a-3f0b-4a7e-9a77-5d3c0e5c8a10'
const name = 'instance-manager-3e9c1f6a.service'

let [root, home, product, path] = ['', '', '', '']
let fakes: FakeStarters
beforeEach(async () => {
  ;[root, home, product, path] = await Promise.all([temporary(), temporary(), temporary(), temporary()])
  await mkdir(join(product, 'out/main'), { recursive: true })
  await writeFile(productIn(product).cli, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** A workspace on this machine, as this user. */
async function open({ uid = 1000, systemd = true, at = path } = {}): Promise<Autostart> {
  const units = uid === 0 ? join(root, 'etc/systemd/system') : join(home, '.config/systemd/user')
  if (systemd) await mkdir(join(root, 'run/systemd/system'), { recursive: true })
  fakes ??= await fakeStarters(await temporary(), root, units)
  vi.stubEnv('PATH', `${fakes.bin}:/usr/bin:/bin`)
  const base = {
    run: createRun('test'),
    identity: { id, path: at },
    paths: workspacePaths(at),
    node: { path: process.execPath, major: '22' },
    place: { product: productIn(product) },
  }
  return autostartRoom(base, { root, home, uid, username: 'ada' })
}
afterEach(() => {
  fakes = undefined as never
})

test('a user’s unit is enabled, with lingering, and goes completely', async () => {
  const autostart = await open()
  const file = join(home, '.config/systemd/user', name)
  expect(await autostart.status()).toEqual({ state: 'off', by: 'user-unit' })
  expect(await fakes.calls()).toEqual([]) // looking is free

  const on = { state: 'on', by: 'user-unit', file }
  expect(await autostart.change(true)).toEqual(on)
  expect(await fakes.calls()).toEqual([
    'loginctl --no-ask-password enable-linger ada',
    'systemctl --user --no-ask-password daemon-reload',
    `systemctl --user --no-ask-password enable ${name}`,
    `systemctl --user --no-ask-password show --property=LoadState --value ${name}`,
  ])
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await autostart.change(true)).toEqual(on)

  expect(await autostart.change(false)).toEqual({ state: 'off', by: 'user-unit' })
  expect(await readdir(join(home, '.config/systemd/user/default.target.wants'))).toEqual([])
  await expect(stat(file)).rejects.toThrow('ENOENT')
  expect(await autostart.change(false)).toEqual({ state: 'off', by: 'user-unit' })
})

test('root’s is a unit of the system', async () => {
  const autostart = await open({ uid: 0 })
  const { file = '' } = await autostart.change(true)
  expect(file).toBe(join(root, 'etc/systemd/system', name))
  expect((await fakes.calls()).filter(it => /loginctl|--user/.test(it))).toEqual([])
  expect(await readFile(file, 'utf8')).toMatch(/^User=root$[^]*^WantedBy=multi-user.target$/m)
})

test('the package’s unit counts, too, and is switched off or replaced like ours', async () => {
  const autostart = await open()
  const wants = join(home, '.config/systemd/user/default.target.wants')
  const link = join(wants, `instance-manager@${unitInstance(path)}.service`)
  const enable = async (): Promise<void> => {
    await mkdir(wants, { recursive: true })
    await symlink(process.execPath, link) // any file that exists
  }
  await enable()
  expect(await autostart.status()).toMatchObject({
    state: 'stale',
    file: link,
    problem: { cause: expect.stringContaining('Lingering is disabled') as string },
  })
  expect(await autostart.change(false)).toEqual({ state: 'off', by: 'user-unit' })
  await enable()
  const file = join(home, '.config/systemd/user', name)
  expect(await autostart.change(true)).toEqual({ state: 'on', by: 'user-unit', file })
  expect(await readdir(wants)).toEqual([name])
})

test.each([
  ['the unit was disabled', () => rm(join(home, '.config/systemd/user/default.target.wants', name)), /is disabled/],
  ['lingering was disabled', () => rm(join(root, 'var/lib/systemd/linger/ada')), /Lingering is disabled for ada/],
  ['the program is gone', () => rm(productIn(product).cli), /no longer exists/],
])('it is stale if %s, and says so', async (_, harm, cause) => {
  const autostart = await open()
  await autostart.change(true)
  await harm()
  expect(await autostart.status()).toMatchObject({
    state: 'stale',
    problem: { code: 'autostart-stale', cause: expect.stringMatching(cause) as string },
  })
})

test('a workspace that was moved is set up again with one click', async () => {
  await (await open()).change(true)
  const moved = await open({ at: `${path}-elsewhere` })
  expect(await moved.status()).toMatchObject({
    state: 'stale',
    problem: { cause: `The workspace was at ${path} then.` },
  })
  expect(await moved.change(true)).toMatchObject({ state: 'on' })
  const units = await readdir(join(home, '.config/systemd/user'))
  expect(units.filter(it => it.endsWith('.service'))).toEqual([name])
})

test('whatever isn’t ours stays', async () => {
  const autostart = await open()
  const { file = '' } = await autostart.change(true)
  await writeFile(file, '[Service]\nExecStart=/bin/true\n')
  for (const change of [() => autostart.status(), () => autostart.change(true), () => autostart.change(false)])
    await expect(change()).rejects.toMatchObject({ problem: { code: 'autostart-foreign' } })
  expect(await readFile(file, 'utf8')).toBe('[Service]\nExecStart=/bin/true\n')
})

test.each([
  ['loginctl', 'Could not enable linger: Access denied', 'sudo loginctl enable-linger ada'],
  ['systemctl', 'Failed to connect to bus: No medium found', 'See Details'],
] as const)('if %s refuses, it stays off, with the reason and the next step', async (program, message, hint) => {
  const autostart = await open()
  await fakes.refuse(program, message)
  await expect(autostart.change(true)).rejects.toMatchObject({
    problem: { code: 'autostart-failed', cause: message, hint: expect.stringContaining(hint) as string },
  })
  expect(await autostart.status()).toEqual({ state: 'off', by: 'user-unit' })
  await fakes.refuse(program, undefined)
  expect(await autostart.change(true)).toMatchObject({ state: 'on' })
})

test('without systemd it is two lines in the crontab; all others stay as they are', async () => {
  const autostart = await open({ systemd: false })
  const others = 'MAILTO=ada\n# a comment\n\n0 3 * * * backup 100\\%\n'
  await fakes.writeCrontab(others)
  expect(await autostart.status()).toEqual({ state: 'off', by: 'crontab' })
  expect(await autostart.change(true)).toMatchObject({ state: 'on', by: 'crontab' })
  const [comment = '', line = '', ...rest] = ((await fakes.crontab()) ?? '').slice(others.length).split('\n')
  expect([comment, line, rest]).toEqual([expect.stringContaining(id), expect.stringMatching(/^@reboot PATH=/), ['']])
  await autostart.change(true)
  expect(await fakes.crontab()).toBe(`${others}${comment}\n${line}\n`)

  await fakes.writeCrontab(`${others}${comment}\n#${line}\n`)
  expect(await autostart.status()).toMatchObject({
    state: 'stale',
    problem: { cause: expect.stringMatching(/gone/) as string },
  })
  await autostart.change(false)
  expect(await fakes.crontab()).toBe(`${others}#${line}\n`)
})

test('a crontab that can’t be read is left alone; one with nothing else goes', async () => {
  const autostart = await open({ systemd: false })
  await autostart.change(true)
  await fakes.refuse('crontab', 'You (ada) are not allowed to use this program (crontab)')
  for (const on of [true, false])
    await expect(autostart.change(on)).rejects.toMatchObject({
      problem: { code: 'autostart-failed', cause: expect.stringMatching(/not allowed/) as string },
    })
  await fakes.refuse('crontab', undefined)
  await autostart.change(false)
  expect(await fakes.crontab()).toBeUndefined()
})

test('with neither, it says what to install', async () => {
  const autostart = await open({ systemd: false })
  await rm(join(fakes.bin, 'crontab'))
  vi.stubEnv('PATH', fakes.bin)
  await expect(autostart.status()).rejects.toMatchObject({
    problem: { code: 'autostart-unavailable', hint: expect.stringContaining('apt-get install cron') as string },
  })
})
