/** After a reboot: one command brings the database and the instances back, or says why it could not. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import { autostartRoom } from '../../../src/main/autostart/room'
import { signalTo, workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { appsOf } from '../../../src/main/processes/leftovers'
import { isAlive } from '../../../src/main/system/proc'
import { productIn } from '../../../src/main/system/product'
import { createRun } from '../../../src/main/system/run'
import type { Identity } from '../../../src/main/workspace/identity'
import { workspacePaths } from '../../../src/main/workspace/paths'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import type { InstanceList } from '../../../src/shared/instance'
import { isOpen, type OperationState } from '../../../src/shared/operation'
import { fakeStarters } from '../../support/autostart'
import { makeTiny } from '../../support/tiny-base'
import { until } from '../../support/workspace'
import { commandIn } from '../../unit/autostart/systemd-words'
import { cliHome, type CliHome } from './cli'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  await home.must('infra up')
  await home.must('create school --director-name Ada --director-email ada@school.example --generate-password')
})
afterAll(() => home.remove())

/** PM2's daemon and all that it ran, PostgreSQL and PgBouncer: gone in a moment. */
async function reboot(): Promise<void> {
  const pm2Home = home.env['PM2_HOME'] ?? ''
  const daemon = Number(await readFile(join(pm2Home, 'pm2.pid'), 'utf8'))
  signalTo(daemon, 'SIGKILL')
  await until(async () => !(await isAlive(daemon)))
  const left = async (): Promise<number[]> => [
    ...(await appsOf(pm2Home)).map(it => it.pid),
    ...(
      await Promise.all(
        (['postgres', 'pgbouncer'] as const).map(it =>
          workingIn(join(home.root, '.instance-manager/embedded', it), it),
        ),
      )
    ).flat(),
  ]
  await until(async () => {
    const pids = await left()
    for (const pid of pids) signalTo(pid, 'SIGKILL')
    return pids.length === 0
  })
}

const infrastructure = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = (await home.run('infra status --json')).data as InfrastructureStatus
  return [postgres.state, pgbouncer.state]
}
const statusOf = async (): Promise<string | undefined> =>
  ((await home.run('list --json')).data as InstanceList).instances[0]?.status

it.each(['resurrect --all', 'start --all', 'start school', 'restart school'])(
  '%s brings the database up first, as an operation that is shown',
  async command => {
    await reboot()
    expect(await infrastructure()).toEqual(['stopped', 'stopped'])
    const ran = await home.run(`${command} --json`)
    expect(ran).toMatchObject({ exit: 0, ok: true })
    expect(ran.lines.filter(it => it.type === 'opened').map(it => it['kind'])).toEqual([
      'infrastructure-start',
      command.startsWith('restart') ? 'restart' : 'start',
    ])
    expect([await infrastructure(), await statusOf()]).toEqual([['running', 'running'], 'online'])
  },
)

it('resurrect finishes a creation that a power cut interrupted: it had to wait for PostgreSQL', async () => {
  const director = '--director-name Ada --director-email ada@school.example --generate-password'
  const creating = home.start(['--workspace', home.root, ...`create museum ${director} --json`.split(' ')])
  await creating.until(it => it.includes('"step":"create-director"'))
  creating.child.kill('SIGKILL')
  await creating.ended
  await reboot()
  expect(await home.run('resurrect')).toMatchObject({ exit: 0 })
  const { operations } = (await home.run('operations --json')).data as { readonly operations: OperationState[] }
  expect(operations.filter(isOpen)).toEqual([])
  const { instances } = (await home.run('list --json')).data as InstanceList
  expect(instances.map(it => [it.name, it.status])).toEqual([
    ['museum', 'online'],
    ['school', 'online'],
  ])
  await home.must('delete museum --confirm museum')
})

it.each(['fill-slot', 'start-process'])(
  'resurrect waits for a rebuild that a power cut interrupted at %s, and starts the instance',
  async step => {
    await appendFile(join(home.root, 'server/index.js'), `// changed for ${step}\n`)
    const rebuilding = home.start(['--workspace', home.root, ...'rebuild school --json'.split(' ')])
    await rebuilding.until(it => it.includes(`"step":"${step}"`))
    rebuilding.child.kill('SIGKILL')
    await rebuilding.ended
    await reboot()
    expect(await home.run('resurrect')).toMatchObject({ exit: 0 })
    const { operations } = (await home.run('operations --json')).data as { readonly operations: OperationState[] }
    expect(operations.filter(isOpen)).toEqual([])
    expect(await statusOf()).toBe('online')
  },
)

it('resurrect looks after the database even if every instance runs', async () => {
  await home.must('infra down')
  expect(await statusOf()).toBe('no database')
  expect(await home.run('resurrect --all')).toMatchObject({ exit: 0 })
  expect(await infrastructure()).toEqual(['running', 'running'])
})

it.each(['resurrect --all', 'start school'])(
  '%s fails when the database cannot run, and starts nothing',
  async command => {
    const { port } = ((await home.run('infra status --json')).data as InfrastructureStatus).postgres
    await reboot()
    const holder = createServer()
    await new Promise<void>(resolve => {
      holder.listen(port, '127.0.0.1', resolve)
    })
    const ran = await home.run(`${command} --json`)
    await new Promise(resolve => {
      holder.close(resolve)
    })
    expect(ran).toMatchObject({ exit: 1, ok: false, problem: { code: 'port-taken' } })
    expect(await statusOf()).not.toBe('online')
    expect(await home.run('resurrect --all')).toMatchObject({ exit: 0 })
  },
)

/** What cron gives its jobs. */
const bare = (): Record<string, string> => ({ HOME: home.path, SHELL: '/bin/sh', PATH: '/usr/bin:/bin' })

/** What runs after a boot with this command. */
async function bootedWith(file: string, args: readonly string[], env: Record<string, string>) {
  await reboot()
  expect([await infrastructure(), await statusOf()]).toEqual([['stopped', 'stopped'], 'not in PM2'])
  await promisify(execFile)(file, args, { env, cwd: '/', timeout: 120_000 })
  return [await infrastructure(), await statusOf()]
}
const everything = [['running', 'running'], 'online']

const systemd = existsSync('/run/systemd/system') // would be used instead of cron
it.skipIf(systemd)(
  'the line in the crontab brings everything back, with no other environment than cron’s',
  async () => {
    const folder = join(home.path, 'cron')
    await mkdir(folder)
    const { bin, crontab } = await fakeStarters(folder, folder, folder)
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
    const autostart = (what: string) =>
      home.start(['--workspace', home.root, 'autostart', what, '--json'], { env }).ended
    expect(await autostart('on')).toMatchObject({ exit: 0, data: { state: 'on', by: 'crontab' } })
    const [, line = ''] = ((await crontab()) ?? '').split('\n')
    expect(await bootedWith('/bin/sh', ['-c', line.replace('@reboot ', '').replaceAll('\\%', '%')], bare())).toEqual(
      everything,
    )
    expect(await autostart('off')).toMatchObject({ exit: 0, data: { state: 'off' } })
    expect(await crontab()).toBeUndefined()
  },
)

it('the command in the systemd unit does, with no other environment than the unit’s', async () => {
  const folder = join(home.path, 'systemd')
  const units = join(home.path, '.config/systemd/user')
  await mkdir(join(folder, 'run/systemd/system'), { recursive: true })
  const { bin } = await fakeStarters(folder, folder, units)
  onTestFinished(() => void vi.unstubAllEnvs())
  for (const [key, value] of Object.entries(home.env)) vi.stubEnv(key, value)
  vi.stubEnv('PATH', `${bin}:${process.env['PATH'] ?? ''}`)
  const paths = workspacePaths(home.root)
  const base = {
    run: createRun('test'),
    paths,
    identity: JSON.parse(await readFile(paths.identity, 'utf8')) as Identity,
    node: { path: process.execPath, major: '' },
    place: { product: productIn(join(import.meta.dirname, '../../..')) },
  }
  const machine = { root: folder, home: home.path, uid: 1000, username: 'ada' }
  const { file = '' } = await autostartRoom(base, machine).change(true)
  const { words, env } = commandIn(await readFile(file, 'utf8'))
  expect(await bootedWith(words[0] ?? '', words.slice(1), { ...bare(), ...env })).toEqual(everything)
})
