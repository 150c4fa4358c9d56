import { execFile } from 'node:child_process'
import { open, readdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Processes, type NewProcess, type ProcessEvent, type ProcessInfo } from '../../../src/main/processes/client'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { environmentOf, isAlive } from '../../../src/main/system/proc'
import { portHolders } from '../../../src/main/system/sockets'
import { httpApp, privatePm2, sure, until, type PrivatePm2 } from '../../support/pm2'
import { freePort } from '../../support/ports'

let pm2: PrivatePm2
beforeEach(async () => {
  pm2 = await privatePm2()
})
afterEach(() => pm2.cleanUp())

const forever = 'console.log("ready"); setInterval(() => {}, 1000)'
/** Starts an app and waits until its own code runs: an app whose daemon dies while it boots dies too. */
async function startReady(app: NewProcess): Promise<ProcessInfo> {
  await pm2.processes.start(app)
  const info = sure((await pm2.processes.list()).find(it => it.name === app.name))
  await until(async () => (await readFile(info.outLog, 'utf8')).includes('ready'))
  return info
}
const only = async (): Promise<ProcessInfo> => {
  const list = await pm2.processes.list()
  expect(list).toHaveLength(1)
  return sure(list[0])
}
const pm2Command = (...args: string[]) =>
  promisify(execFile)(process.execPath, [createRequire(import.meta.url).resolve('pm2/bin/pm2'), ...args], {
    env: { PATH: process.env['PATH'], HOME: pm2.home, PM2_HOME: pm2.home, PM2_DISCRETE_MODE: 'true' },
    timeout: 60_000,
  })

test('starts, lists, stops and removes an app with its logs', async () => {
  const app = await pm2.app('my_school-1', `console.log('hello'); console.error('alas'); setInterval(() => {}, 1000)`)
  await pm2.processes.start(app)
  const started = await only()
  expect(started).toMatchObject({ name: 'my_school-1', status: 'online', cwd: app.cwd, restarts: 0, execMode: 'fork' })
  expect(await isAlive(sure(started.pid))).toBe(true)
  await until(async () => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d: hello\n$/.test(await readFile(started.outLog, 'utf8')))
  await until(async () => (await readFile(started.errLog, 'utf8')).includes('alas'))

  await pm2.processes.stop(app)
  const stopped = await only()
  expect(stopped.status).toBe('stopped')
  expect(stopped.pid).toBeUndefined()
  expect(stopped.startedAt).toBeUndefined()
  expect(await isAlive(sure(started.pid))).toBe(false)

  await pm2.processes.remove(app)
  expect(await pm2.processes.list()).toEqual([])
  expect(await readdir(pm2Paths(pm2.home).logs)).toEqual([])
  await pm2.processes.remove(app) // again: nothing to do
})

test('names that PM2 would write into one log file have their own, and one removal leaves the other', async () => {
  const [one, other] = [await pm2.app('a_b', forever), await pm2.app('a-b', forever)]
  await pm2.processes.start(one)
  const left = await startReady(other)
  await pm2.processes.remove(one)
  expect((await readFile(left.outLog, 'utf8')).split('\n')).toHaveLength(2) // its own line, and no second one
})

test("starting again replaces our own entry and never another folder's", async () => {
  const app = await pm2.app('twice', forever)
  await pm2.processes.start(app)
  const first = await only()
  await pm2.processes.start(app)
  const second = await only()
  expect(second.pid).not.toBe(first.pid)
  expect(await isAlive(sure(first.pid))).toBe(false)

  const elsewhere = { ...(await pm2.app('elsewhere', forever)), name: 'twice' }
  await expect(pm2.processes.start(elsewhere)).rejects.toMatchObject({ problem: { code: 'process-name-taken' } })
  await pm2.processes.stop(elsewhere)
  await pm2.processes.remove(elsewhere)
  expect((await only()).pid).toBe(second.pid)
  expect(await readdir(pm2Paths(pm2.home).logs)).toEqual(['twice-error.log', 'twice-out.log'])
})

test('nothing of our environment reaches the app or dump.pm2', async () => {
  const canaries = {
    IM_TEST_SECRET: 'canary-value-1',
    DATABASE_URL: 'canary-value-2',
    PORT: '4711',
    NODE_ENV: 'canary-value-3',
    INSTANCE_MANAGER_RUN: 'canary-value-4',
  }
  const before = { ...process.env }
  Object.assign(process.env, canaries)
  try {
    await pm2.processes.start(await pm2.app('clean', forever))
    await pm2.processes.dump.save()
  } finally {
    for (const name of Object.keys(canaries)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
  const environment = await environmentOf(sure((await only()).pid))
  const dump = await readFile(pm2Paths(pm2.home).dump, 'utf8')
  for (const [name, value] of Object.entries(canaries)) {
    expect([...environment.keys()]).not.toContain(name)
    expect([...environment.values()].join('\n')).not.toContain(value)
    expect(dump).not.toContain(`"${name}"`)
    expect(dump).not.toContain(value)
  }
  expect(environment.get('PATH')).toBe(process.env['PATH'])
})

test('what is saved is private, comes back with pm2 resurrect, and backs up what was', async () => {
  const port = await freePort()
  const app = await pm2.app('kept', httpApp(port))
  await pm2.processes.start(app)
  await pm2.processes.dump.save()
  await pm2.processes.dump.save()
  const { dump, dumpBackup } = pm2Paths(pm2.home)
  for (const file of [dump, dumpBackup]) expect((await stat(file)).mode & 0o777).toBe(0o600)
  await pm2.processes.remove(app)
  await pm2Command('resurrect')
  expect(await only()).toMatchObject({ name: 'kept', status: 'online', cwd: app.cwd })
  await until(async () => (await portHolders(port)).length === 1)
})

test('an empty list can be saved', async () => {
  const app = await pm2.app('gone', forever)
  await pm2.processes.start(app)
  await pm2.processes.dump.save()
  await pm2.processes.remove(app)
  await pm2.processes.dump.save()
  expect(JSON.parse(await readFile(pm2Paths(pm2.home).dump, 'utf8'))).toEqual([])
})

test('an app that the pm2 command started is listed, stopped and removed', async () => {
  const app = await pm2.app('from-cli', forever)
  await pm2Command('start', app.script, '--name', app.name, '--cwd', app.cwd, '--time')
  const listed = await only()
  expect(listed).toMatchObject({ name: 'from-cli', status: 'online', cwd: app.cwd })
  await pm2.processes.remove(app)
  expect(await isAlive(sure(listed.pid))).toBe(false)
  expect(await pm2.processes.list()).toEqual([])
  expect(await readdir(pm2Paths(pm2.home).logs)).toEqual([])
})

test('an app that ignores every polite signal is ended', async () => {
  const app = await pm2.app('stubborn', `process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); ${forever}`)
  const { pid } = await startReady(app)
  await pm2.processes.remove(app)
  expect(await isAlive(sure(pid))).toBe(false)
})

test('an app that ends at once becomes errored', async () => {
  await pm2.processes.start(await pm2.app('dies', 'process.exit(3)'))
  await until(async () => (await only()).status === 'errored')
  expect((await only()).pid).toBeUndefined()
})

test.each(['stop', 'unlist', 'remove'] as const)('%s of an app that PM2 is just starting again', async end => {
  const app = await pm2.app('restarts', forever)
  const { pid, outLog } = await startReady(app)
  await rm(outLog)
  await promisify(execFile)('mkfifo', [outLog]) // PM2 opens it before it forks, and waits for a reader
  process.kill(sure(pid), 'SIGKILL')
  await until(async () => (await only()).restarts === 1)

  const ended = pm2.processes[end](app)
  await until(async () => (await pm2.processes.list())[0]?.pid === undefined) // stopped, or not even listed
  const reader = await open(outLog, 'r')
  await ended
  await until(async () => (await readFile(join(pm2.home, 'pm2.log'), 'utf8')).match(/\] online/g)?.length === 2)
  expect((await pm2.processes.list()).map(it => [it.status, it.restarts])).toEqual(
    end === 'stop' ? [['stopped', 1]] : [],
  )
  await reader.close()
})

test('after the daemon was killed: list answers, the lost app is ended before it is started again, and is not forgotten when saving', async () => {
  const port = await freePort()
  const [app, other] = [await pm2.app('lost', httpApp(port)), await pm2.app('other', forever)]
  await pm2.processes.start(app)
  const { pid: unrelated } = await startReady(other)
  await pm2.processes.dump.save()
  await until(async () => (await portHolders(port)).length === 1)
  const lost = (await pm2.processes.list())[0]?.pid
  await pm2.killDaemon()

  expect(await pm2.processes.list()).toEqual([]) // a new daemon, which knows nothing
  expect(await isAlive(sure(lost))).toBe(true)
  await pm2.processes.start(app)
  expect(await isAlive(sure(lost))).toBe(false)
  expect(await isAlive(sure(unrelated))).toBe(true)
  const { pid } = await only()
  await until(async () => (await portHolders(port)).some(it => it.pid === pid))
  expect((await only()).restarts).toBe(0)

  await pm2.processes.dump.save()
  const names = async () =>
    (JSON.parse(await readFile(pm2Paths(pm2.home).dump, 'utf8')) as { name: string }[]).map(it => it.name)
  expect(await names()).toEqual(['lost', 'other'])
  await pm2.processes.remove(other) // not listed, still found
  expect(await isAlive(sure(unrelated))).toBe(false)
  expect(await readdir(pm2Paths(pm2.home).logs)).toEqual(['lost-error.log', 'lost-out.log'])
  await pm2.processes.dump.save()
  expect(await names()).toEqual(['lost'])
})

test('a lost app of the same name in another folder is left alone', async () => {
  const { pid } = await startReady(await pm2.app('one', forever))
  await pm2.killDaemon()
  const namesake = { ...(await pm2.app('two', forever)), name: 'one' }
  await pm2.processes.start(namesake)
  await pm2.processes.remove(namesake)
  expect(await isAlive(sure(pid))).toBe(true)
})

test.each([
  ['listed', false],
  ['lost', true],
])("an app of a workspace that was moved, %s, is still that workspace's, and no namesake's", async (_, lost) => {
  const inWorkspace = async (workspace: string): Promise<NewProcess> => ({
    ...(await pm2.app(`${workspace}/instances/school/server`, forever)),
    name: 'school',
  })
  const [app, namesake] = [await inWorkspace('here'), await inWorkspace('elsewhere')]
  const { pid } = await startReady(app)
  if (lost) await pm2.killDaemon()
  const apps = join(app.cwd, '../../../..')
  await rename(join(apps, 'here'), join(apps, 'there'))
  await pm2.processes.stop(namesake)
  await pm2.processes.remove(namesake)
  expect(await isAlive(sure(pid))).toBe(true)
  await pm2.processes.remove({ name: 'school', cwd: join(apps, 'there/instances/school/server') })
  expect(await isAlive(sure(pid))).toBe(false)
})

test('a daemon that hangs gets a problem, not patience without end', async () => {
  await pm2.processes.list()
  const pid = sure(await pm2.daemonPid())
  process.kill(pid, 'SIGSTOP')
  await expect(pm2.processes.list()).rejects.toMatchObject({ problem: { code: 'pm2-not-answering' } })
  process.kill(pid, 'SIGCONT')
  expect(await pm2.processes.list()).toEqual([])
})

test('a daemon that dies during an act says so; the next act works', async () => {
  const app = await pm2.app('slow', `process.on('SIGINT', () => {}); ${forever}`)
  // PM2's own 1.6 s are too short for a busy machine to look
  await pm2Command('start', app.script, '--name', app.name, '--cwd', app.cwd, '--kill-timeout', '60000')
  await until(async () => (await readFile((await only()).outLog, 'utf8')).includes('ready'))
  const outcome = pm2.processes.stop(app).catch((error: unknown) => error)
  await until(async () => (await pm2.processes.list())[0]?.status === 'stopping')
  await pm2.killDaemon()
  expect(await outcome).toMatchObject({ problem: { code: 'pm2-died' } })
  await pm2.processes.remove(app)
  expect(await pm2.processes.list()).toEqual([])
})

test('watch tells what anyone does, and survives the daemon', async () => {
  await pm2.processes.list()
  const events: ProcessEvent[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for await (const event of pm2.processes.watch(stop.signal)) events.push(event)
  })()
  const seen = (event: string, name: string) =>
    until(() => events.some(it => it.type === 'process' && it.event === event && it.name === name))
  await until(() => events[0]?.type === 'connected')
  const app = await pm2.app('seen', forever)
  const other = new Processes(pm2.home) // another program does it
  await other.start(app)
  await seen('online', 'seen')
  await other.stop(app)
  await seen('stop', 'seen')
  await pm2.processes.remove(app)
  await seen('delete', 'seen')
  await pm2.killDaemon()
  await until(() => events.at(-1)?.type === 'lost')
  await pm2.processes.start(app)
  await until(() => events.filter(it => it.type === 'connected').length === 2)
  stop.abort()
  await expect(watching).resolves.toBeUndefined()
})

test('a broken dump is kept as the backup and written anew', async () => {
  await pm2.processes.start(await pm2.app('fresh', forever))
  const { dump, dumpBackup } = pm2Paths(pm2.home)
  await writeFile(dump, '[{"name":')
  await pm2.processes.dump.save()
  expect(JSON.parse(await readFile(dump, 'utf8'))).toMatchObject([{ name: 'fresh' }])
  expect(await readFile(dumpBackup, 'utf8')).toBe('[{"name":')
})

test('however many ask for the list at once, PM2 opens one descriptor for each process', async () => {
  const app = await pm2.app('counted', forever)
  for (let cycle = 0; cycle < 8; cycle++) {
    await pm2.processes.start(app)
    await Promise.all([pm2.processes.list(), pm2.processes.dump.save(), pm2.processes.list(), pm2.processes.list()])
    await pm2.processes.remove(app)
  }
  const folder = `/proc/${sure(await pm2.daemonPid())}/fd`
  const targets = await Promise.all((await readdir(folder)).map(it => readlink(`${folder}/${it}`).catch(() => '')))
  const measured = targets.filter(it => /^\/proc\/\d+\/stat$/.test(it)) // kept for a minute after a process has ended
  expect(measured.length).toBeGreaterThan(0)
  expect(measured.toSorted()).toEqual([...new Set(measured)].toSorted())
})
