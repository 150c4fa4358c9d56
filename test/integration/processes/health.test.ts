import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { waitForHealth } from '../../../src/main/instances/health'
import type { HealthCheck } from '../../../src/shared/workspace'
import { toProblem } from '../../../src/shared/problem'
import { httpApp, privatePm2, sure, type PrivatePm2 } from '../../support/pm2'
import { freePort } from '../../support/ports'

let pm2: PrivatePm2
let port: number
beforeEach(async () => {
  ;[pm2, port] = await Promise.all([privatePm2(), freePort()])
})
afterEach(() => pm2.cleanUp())

/** As PM2 knows the app. */
const school = () => ({ name: 'school', cwd: join(pm2.home, '..', 'apps', 'school'), port })
const start = async (code: string): Promise<void> => pm2.processes.start(await pm2.app('school', code))
/** What its pool says is tested with the real PgBouncer. */
const services = () => ({ processes: pm2.processes, pools: { refusal: () => Promise.resolve(undefined) } })
const wait = (bootSeconds = 60, signal = new AbortController().signal, health: HealthCheck = { path: '/' }) =>
  waitForHealth(services(), { ...school(), bootSeconds, health }, { signal })
/** Waits until it is healthy. @returns what was reported meanwhile @param then called with each report */
async function whatIsSaid(then: (text: string) => void): Promise<string[]> {
  const said: string[] = []
  await waitForHealth(
    services(),
    { ...school(), bootSeconds: 60, health: { path: '/' } },
    {
      signal: new AbortController().signal,
      report({ text }) {
        said.push(text)
        then(text)
      },
    },
  )
  return said
}
const reason = (health?: HealthCheck) =>
  wait(0, undefined, health).then(
    () => undefined,
    (error: unknown) => toProblem(error).code,
  )

test('an app that listens after a while is healthy', async () => {
  const go = join(pm2.home, 'go')
  await start(`const waits = setInterval(() => {
    if (!require('node:fs').existsSync(${JSON.stringify(go)})) return
    clearInterval(waits)
    ${httpApp(port)}
  }, 50)`)
  const said = await whatIsSaid(text => {
    if (text.includes('isn’t listening')) writeFileSync(go, '')
  })
  expect(said).toContain(`“school” is running, but isn’t listening on port ${port}.`)
  expect(await reason()).toBeUndefined()
})

test('a PM2 that doesn’t answer for some seconds is waited for', async () => {
  await start(httpApp(port))
  const daemon = sure(await pm2.daemonPid())
  process.kill(daemon, 'SIGSTOP')
  const said = await whatIsSaid(() => process.kill(daemon, 'SIGCONT'))
  expect(said[0]).toContain('PM2')
})

test('a child of the app may hold the port', async () => {
  await start(
    `const code = ${JSON.stringify(httpApp(port))}; require('node:child_process').spawn(process.execPath, ['-e', code])`,
  )
  await expect(wait()).resolves.toBeUndefined()
})

test('a redirect or a client error is an answer', async () => {
  await start(httpApp(port, 'response.writeHead(404).end()'))
  await expect(wait()).resolves.toBeUndefined()
})

test('what PM2 does not know, or has stopped, is not online', async () => {
  await expect(wait(0)).rejects.toMatchObject({ problem: { code: 'not-online', cause: 'It isn’t in PM2’s list.' } })
  await start(httpApp(port))
  await wait()
  await pm2.processes.stop(sure((await pm2.processes.list())[0]))
  await expect(wait(0)).rejects.toMatchObject({ problem: { code: 'not-online', cause: 'PM2 reports: stopped.' } })
})

test('an app that dies at once is given up before the time is over, with its last words, secrets masked', async () => {
  await start(
    'throw new Error("cannot reach postgresql://school_user:canary-4711@127.0.0.1/school_db, JWT_SECRET=canary-4712")',
  )
  const error = await wait().catch((it: unknown) => it)
  expect(error).toMatchObject({ problem: { code: 'not-online' } })
  const { details } = (error as { problem: { details: string } }).problem
  expect(details).toContain('postgresql://school_user:***@127.0.0.1/school_db')
  expect(details).not.toContain('canary')
})

test('an app that never listens', async () => {
  await start('setInterval(() => {}, 1000)')
  await expect(wait(0)).rejects.toMatchObject({
    problem: {
      code: 'slow-start',
      cause: expect.stringContaining('isn’t listening') as string,
      action: 'keep-waiting',
    },
  })
})

test('a port that somebody else holds is not health, even if it answers; the holder is named', async () => {
  const stranger = createServer((_, response) => response.end('ok')).listen(port, '127.0.0.1')
  await once(stranger, 'listening')
  onTestFinished(() => {
    stranger.close()
  })
  await start('setInterval(() => {}, 1000)')
  await expect(wait(0)).rejects.toMatchObject({
    problem: { code: 'port-held-by-other', cause: `It is held by node (pid ${process.pid}).` },
  })
})

test('an app that answers with 500', async () => {
  await start(httpApp(port, 'response.writeHead(503).end()'))
  await expect.poll(reason).toBe('http-error')
})

test('the manifest says which path is asked, and which status is expected', async () => {
  await start(httpApp(port, 'response.writeHead(request.url === "/up?full" ? 204 : 503).end()'))
  await expect.poll(() => reason({ path: '/up?full' })).toBeUndefined()
  expect(await reason({ path: '/up?full', status: 204 })).toBeUndefined()
  await expect(wait(0, undefined, { path: '/up?full', status: 200 })).rejects.toMatchObject({
    problem: { code: 'http-error', cause: 'GET /up?full returned HTTP status 204, not 200.' },
  })
})

test('an app that closes every connection', async () => {
  await start(httpApp(port, 'request.destroy()'))
  await expect.poll(reason).toBe('slow-start')
})

test('an app that answers once and ends, again and again, is not healthy', async () => {
  await start(httpApp(port, 'response.end("ok", () => process.exit(1))'))
  await expect(wait()).rejects.toMatchObject({ problem: { code: 'not-online' } })
})

test('waiting can be aborted', async () => {
  await start('setInterval(() => {}, 1000)')
  const stop = new AbortController()
  const waiting = wait(60, stop.signal)
  const enough = new Error('enough')
  stop.abort(enough)
  await expect(waiting).rejects.toBe(enough)
})

test('in cluster mode the daemon holds the port for its worker', async () => {
  const app = await pm2.app('school', httpApp(port))
  await pm2.processes.list() // the daemon
  const pm2Command = createRequire(import.meta.url).resolve('pm2/bin/pm2')
  await promisify(execFile)(process.execPath, [pm2Command, 'start', app.script, '--name', 'school', '-i', '1'], {
    cwd: app.cwd,
    env: { PATH: process.env['PATH'], HOME: pm2.home, PM2_HOME: pm2.home, PM2_DISCRETE_MODE: 'true' },
  })
  expect((await pm2.processes.list())[0]).toMatchObject({ execMode: 'cluster' })
  await expect(wait()).resolves.toBeUndefined()
})
