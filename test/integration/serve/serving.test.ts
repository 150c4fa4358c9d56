/** What serving promises to those who may use it. */
import { execFile } from 'node:child_process'
import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { request as secureRequest } from 'node:https'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { TRPCClient } from '@trpc/client'
import { afterEach, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Router } from '../../../src/main/api/router'
import { serve } from '../../../src/main/serve'
import { runningServers } from '../../../src/main/serve/control'
import { connectLocally, engineSocket } from '../../../src/main/transport/local-client'
import { acquireLock } from '../../../src/main/workspace/lock'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { createSample } from '../../../src/main/workspace/sample'
import type { AppState } from '../../../src/shared/workspace'
import { layOut } from '../../support/cli-instance'
import { heard, pageLine, pageSockets, signIn, startServer, tokenIn, type TestServer } from './server'

let server: TestServer
afterEach(async () => {
  await server.remove()
})

/** A browser's line to the router. */
const browser = (): TRPCClient<Router> => pageLine(server).client

/** What a viewer sees last. */
function viewer(client: TRPCClient<Router>): { state?: AppState } {
  const seen: { state?: AppState } = {}
  const subscription = client.app.watch.subscribe(undefined, {
    onData: state => {
      seen.state = state
    },
  })
  onTestFinished(() => subscription.unsubscribe())
  return seen
}

/** Its own folder has a path that no socket could have: at most 107 characters are allowed. */
const workspacePath = (): string =>
  join(server.home, 'a-folder-whose-name-is-so-long-that-no-socket-below-it-could-have-its-path'.repeat(2), 'workspace')

it('shows all viewers the same, at once, and answers commands of this machine through the workspace', async () => {
  server = await startServer()
  const [one, two] = [browser(), browser()]
  const [first, second] = [viewer(one), viewer(two)]
  const root = workspacePath()
  await mkdir(dirname(root))
  await one.app.createSample.mutate({ path: root })
  await expect.poll(() => [first.state?.workspace?.path, second.state?.workspace?.path]).toEqual([root, root])
  expect(first.state?.served).toBe(true)

  const command = await connectLocally(join(workspacePaths(root).state, engineSocket))
  expect(await command?.client.instances.suggestPort.query()).toBeGreaterThan(0)
  await command?.close()

  await two.app.close.mutate()
  await expect.poll(() => [first.state?.workspace, second.state?.workspace]).toEqual([undefined, undefined])
  expect(await connectLocally(join(workspacePaths(root).state, engineSocket))).toBeUndefined()
})

it('says plainly that another Instance Manager works on the workspace', async () => {
  server = await startServer()
  const root = workspacePath()
  await mkdir(dirname(root))
  await createSample(join(server.home, 'product', 'resources', 'sample-app'), root)
  const lock = await acquireLock(workspacePaths(root).state, 'window')
  onTestFinished(() => lock.release())
  const client = browser()
  const seen = viewer(client)
  await expect(client.app.open.mutate({ path: root })).rejects.toMatchObject({
    data: { problem: { code: 'workspace-locked' } },
  })
  await server.app.reopen(root)
  await expect.poll(() => seen.state?.problem?.code).toBe('workspace-locked')
  expect(seen.state?.problem?.cause).toContain('a window')
  expect(seen.state?.workspace).toBeUndefined()
})

it('takes no other port than the one that is asked for, and names who has that', async () => {
  server = await startServer()
  await expect(serve({ root: join(server.home, 'product'), port: server.port })).rejects.toMatchObject({
    problem: {
      code: 'serve-port-taken',
      message: `Port ${server.port} is taken.`,
      cause: `Instance Manager (process ${process.pid}) is serving its pages on it.`,
    },
  })
})

it('takes the first free port by default, and tells commands where it is and how to get in', async () => {
  const taken = createServer().listen(7600, '127.0.0.1')
  await new Promise<unknown>(done => taken.once('listening', done).once('error', done)) // or someone else has it
  onTestFinished(() => {
    taken.close()
  })
  server = await startServer({ port: undefined })
  expect(server.port).toBeGreaterThan(7600)
  const [control, ...others] = await runningServers(join(server.home, '.config', 'Instance Manager'))
  expect(others).toEqual([])
  expect(await control?.client.serve.status.query()).toMatchObject({
    port: server.port,
    address: '127.0.0.1',
    pid: process.pid,
  })
  const { link } = (await control?.client.serve.link.mutate()) ?? { link: '' }
  expect(await signIn(server.socket(), { token: tokenIn(link) })).toHaveProperty('key')
  await control?.client.serve.stop.mutate()
  await server.asked
  await control?.close()
})

it('does not pile up what a slow line cannot take: what it missed is counted, and nothing is lost', async () => {
  server = await startServer()
  const slow = browser()
  await slow.serve.status.query()
  const socket = pageSockets.at(-1)
  const quick = browser()
  const root = workspacePath()
  await mkdir(dirname(root))
  await quick.app.createSample.mutate({ path: root })
  await layOut(
    {
      root,
      services: {
        infrastructure: { status: () => Promise.resolve({ postgres: { port: 1 }, pgbouncer: { port: 2 } }) },
      },
    },
    'talker',
  )
  const log = join(server.home, '.pm2', 'logs', 'talker-out.log')
  await mkdir(dirname(log), { recursive: true })
  let sent = 0
  const write = (count: number): Promise<void> =>
    appendFile(log, Array.from({ length: count }, () => `${String(++sent).padStart(8)} ${'x'.repeat(190)}\n`).join(''))
  await write(1)

  const follow = (client: typeof slow) => {
    const seen = { lines: 0, skipped: 0, first: 0, last: 0 }
    const subscription = client.logs.follow.subscribe(
      { source: { kind: 'instance', name: 'talker' } },
      {
        onData({ lines, skipped }) {
          seen.lines += lines.length
          seen.skipped += skipped
          seen.first ||= Number(lines[0]?.text.slice(0, 8))
          seen.last = Number(lines.at(-1)?.text.slice(0, 8) ?? seen.last)
        },
      },
    )
    onTestFinished(() => subscription.unsubscribe())
    return seen
  }
  const [lame, brisk] = [follow(slow), follow(quick)]
  await expect
    .poll(async () => {
      await write(1)
      return [lame.lines > 0, brisk.lines > 0]
    })
    .toEqual([true, true]) // they follow now
  socket?.pause()
  for (let batch = 0; batch < 20; batch++) {
    // 40 MB, as fast as the quick one takes them
    await write(10_000)
    socket?.send('PONG') // slow, not gone
    await expect.poll(() => brisk.last, { interval: 5 }).toBe(sent)
  }
  socket?.resume()
  await expect.poll(() => lame.last).toBe(sent)
  expect(lame.skipped).toBeGreaterThan(50_000)
  expect(lame.lines + lame.skipped).toBe(sent - lame.first + 1)
  expect(brisk).toMatchObject({ skipped: 0, lines: sent - brisk.first + 1 })
})

it('serves a named address over TLS only, under the names of its certificate', async () => {
  const folder = join(process.env['TMPDIR'] ?? '/tmp', `im-cert-${process.pid}`)
  await mkdir(folder, { recursive: true })
  onTestFinished(async () => {
    await promisify(execFile)('rm', ['-rf', folder])
  })
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-subj',
    '/CN=manager.example',
    '-addext',
    'subjectAltName=DNS:manager.example,IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    certificate,
  ])
  server = await startServer({ remote: { address: '127.0.0.1', certificate, key } })
  const ca = await readFile(certificate)
  const get = (path: string, host: string) =>
    new Promise<number | undefined>((done, fail) => {
      secureRequest(
        {
          host: '127.0.0.1',
          port: server.port,
          path,
          ca,
          headers: { host },
          agent: false,
          checkServerIdentity: () => undefined,
        },
        response => {
          response.resume().on('end', () => done(response.statusCode))
        },
      )
        .once('error', fail)
        .end()
    })
  expect(server.link()).toMatch(/^https:/)
  expect(await get('/', 'manager.example')).toBe(200)
  expect(await get('/', 'other.example')).toBe(421)
  const socket = new WebSocket(`wss://127.0.0.1:${server.port}/api`, {
    ca,
    headers: { host: 'manager.example', origin: 'https://manager.example' },
  })
  expect(await signIn(socket, { token: tokenIn(server.link()) })).toHaveProperty('key')
  // More connections of strangers than are kept: theirs end, the session's does not.
  const strangers = Array.from({ length: 100 }, () => connect(server.port, '127.0.0.1').on('error', () => undefined))
  onTestFinished(() => {
    socket.terminate()
    for (const it of strangers) it.destroy()
  })
  await expect.poll(() => strangers.filter(it => it.destroyed).length).toBeGreaterThanOrEqual(36)
  socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'serve.status' } }))
  expect(await heard(socket)).toMatchObject({ result: { data: { sessions: 1 } } })
  await expect(startServer({ remote: { address: '127.0.0.1', certificate: key, key } })).rejects.toMatchObject({
    problem: { code: 'serve-certificate' },
  })
})
