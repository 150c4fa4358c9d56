/** PM2's daemon is exchanged for a newer one under running applications. The older one is today's with another number. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { NewProcess, ProcessInfo } from '../../../src/main/processes/client'
import { pm2Paths, pm2Version } from '../../../src/main/processes/daemon'
import { exists } from '../../../src/main/system/files'
import { kill } from '../../../src/main/system/proc'
import { httpApp, oldVersion, privatePm2, startOldDaemon, sure, until, type PrivatePm2 } from '../../support/pm2'
import { freePort } from '../../support/ports'

let pm2: PrivatePm2
beforeEach(async () => {
  pm2 = await privatePm2()
  await startOldDaemon(pm2.home)
})
afterEach(() => pm2.cleanUp())

/** Starts an app that writes a line for each request, and returns once it answers. */
async function start(name: string, how: Pick<NewProcess, 'seamless'> = {}) {
  const port = await freePort()
  const app = { ...(await pm2.app(name, httpApp(port, 'console.log(request.url); response.end("ok")'))), ...how }
  await pm2.processes.start(app)
  const answers = (path = ''): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/${path}`, { headers: { connection: 'close' } }).then(
      it => it.ok,
      () => false,
    )
  await until(answers)
  return { app, answers }
}
const all = async (): Promise<Record<string, ProcessInfo>> =>
  Object.fromEntries((await pm2.processes.list()).map(it => [it.name, it]))
const state = async (): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.values(await all()).map(it => [it.name, `${it.status} ${it.execMode}${it.former ? ' former' : ''}`]),
  )
const dumped = async (): Promise<string[]> =>
  (JSON.parse(await readFile(pm2Paths(pm2.home).dump, 'utf8')) as { name: string; status: string }[])
    .map(it => `${it.name} ${it.status}`)
    .toSorted()

it('every process keeps running, with its log and whoever restarts it, until it is started anew', async () => {
  const [one, two, idle] = [await start('one'), await start('two', { seamless: true }), await start('idle')]
  await pm2.processes.stop(idle.app)
  expect(await pm2.processes.outdated()).toEqual({ running: oldVersion, installed: pm2Version() })
  const [before, daemon] = [await all(), await pm2.daemonPid()]

  await pm2.processes.exchange()
  await pm2.processes.exchange() // again: there is nothing left to do
  expect(await pm2.daemonPid()).not.toBe(daemon)
  expect(await pm2.daemons()).toHaveLength(2)
  const former = { one: 'online fork former', two: 'online cluster former', idle: 'stopped fork former' }
  expect(await state()).toEqual(former)
  const after = await all()
  expect(Object.keys(former).map(it => after[it]?.pid)).toEqual(Object.keys(former).map(it => before[it]?.pid))
  expect([await one.answers('later'), await two.answers('later')]).toEqual([true, true])
  for (const name of ['one', 'two'])
    await until(async () => (await readFile(sure(after[name]).outLog, 'utf8')).includes('/later'))
  kill(sure(after['one']?.pid))
  await until(async () => (await all())['one']?.restarts === 1 && (await one.answers()))
  await pm2.processes.dump.save()
  expect(await dumped()).toEqual(['idle stopped', 'one online', 'two online'])

  await pm2.processes.start(one.app)
  expect(await state()).toEqual({ ...former, one: 'online fork' })
  await pm2.processes.start(two.app)
  expect(await pm2.processes.outdated()).toEqual({ running: oldVersion, installed: pm2Version() })
  await pm2.processes.remove(idle.app) // the last one
  expect(await state()).toEqual({ one: 'online fork', two: 'online cluster' })
  expect(await pm2.daemons()).toEqual([await pm2.daemonPid()])
  expect(await pm2.processes.outdated()).toBeUndefined()
  await until(async () => (await one.answers()) && (await two.answers()))
})

it('what isn’t ours is handed over as it is, even if that was interrupted at the worst moment', async () => {
  const [one, two, idle] = [await start('one'), await start('two', { seamless: true }), await start('idle')]
  await pm2.processes.stop(idle.app)
  await pm2.processes.exchange()
  await pm2.processes.handOver(it => it.name === 'one')
  expect(await state()).toEqual({ one: 'online fork former', two: 'online cluster', idle: 'stopped fork' })
  expect(await dumped()).toEqual(['idle stopped', 'one online', 'two online'])
  await until(two.answers)

  // killed after it had ended one and before it started it again
  const definitions = JSON.parse(await readFile(pm2Paths(pm2.home).dump, 'utf8')) as { name: string }[]
  await writeFile(pm2Paths(pm2.home).moving, JSON.stringify(definitions.filter(it => it.name === 'one')))
  await pm2.processes.unlist(one.app)
  await pm2.processes.handOver(() => false)
  await until(one.answers)
  expect(await state()).toEqual({ one: 'online fork', two: 'online cluster', idle: 'stopped fork' })
  expect(await exists(pm2Paths(pm2.home).moving)).toBe(false)
  expect(await pm2.daemons()).toEqual([await pm2.daemonPid()])
})

it('a new daemon that doesn’t start leaves everything as it was', async () => {
  const { answers } = await start('one')
  const daemon = await pm2.daemonPid()
  const { log } = pm2Paths(pm2.home)
  await rm(log, { force: true })
  await mkdir(log)
  await expect(pm2.processes.exchange()).rejects.toThrow(/EISDIR/)
  expect([await pm2.daemonPid(), await state()]).toEqual([daemon, { one: 'online fork' }])

  await rm(log, { recursive: true })
  await pm2.processes.exchange()
  expect(await state()).toEqual({ one: 'online fork former' })
  expect(await answers()).toBe(true)
})
