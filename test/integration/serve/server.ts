/** A server of our pages in a home of its own, and requests to it that no browser would let us write. */
import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createTRPCClient, wsLink } from '@trpc/client'
import { expect, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Router } from '../../../src/main/api/router'
import { serve, type ServeOptions, type Serving } from '../../../src/main/serve'
import { PageSession, type KeptSession, type SessionStore } from '../../../src/renderer/src/app/page-session'
import { connectServed } from '../../../src/renderer/src/app/served-socket'
import { endProcessesIn } from '../../support/processes'
import { logWorker } from '../../support/workspace'
import { freePort } from '../../support/ports'

const project = resolve(import.meta.dirname, '../../..')

export interface TestServer extends Serving {
  /** Everything of it lies below. */
  readonly home: string
  /** Opens a session with a new link, and closes the socket that did it. */
  signIn(browser?: string): Promise<Session>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** A socket as a page opens it, not signed in; the options say what is false about it. */
  socket(options?: { origin?: string; host?: string; path?: string; browser?: string }): WebSocket
  remove(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Built pages are not needed here: one page and a secret beside the folder are. */
export async function startServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'im-serve-'))
  vi.stubEnv('HOME', home)
  vi.stubEnv('XDG_CONFIG_HOME', join(home, '.config'))
  vi.stubEnv('PM2_HOME', join(home, '.pm2'))
  const root = join(home, 'product')
  await Promise.all(['main', 'renderer/assets'].map(it => mkdir(join(root, 'out', it), { recursive: true })))
  await Promise.all([
    cp(join(project, 'package.json'), join(root, 'package.json')),
    symlink(join(project, 'resources'), join(root, 'resources')),
    writeFile(join(root, 'out', 'renderer', 'index.html'), '<!doctype html><title>the page</title>'),
    writeFile(join(root, 'out', 'renderer', 'assets', 'app.js'), `void 0${' '.repeat(1_000_000)}`),
    writeFile(join(root, 'out', 'secret.txt'), 'not for pages'),
    writeFile(join(root, 'out', 'main', 'log-worker.cjs'), `void import(${JSON.stringify(logWorker)})`),
  ])
  const clean = async (): Promise<void> => {
    vi.unstubAllEnvs()
    await endProcessesIn(home) // PM2's daemon outlives us
    await rm(home, { recursive: true, force: true })
  }
  const serving = await serve({ root, port: await freePort(), ...options }).catch(async (error: unknown) => {
    await clean()
    throw error
  })
  const send = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
    request(serving.port, path, headers, method)
  const opened: TestServer['socket'] = ({
    host = `127.0.0.1:${serving.port}`,
    origin = `http://${host}`,
    path = '/api',
    browser = 'a test',
  } = {}) =>
    new WebSocket(`ws://127.0.0.1:${serving.port}${path}`, {
      headers: { host, ...(origin && { origin }), 'user-agent': browser },
    })
  return {
    ...serving,
    home,
    get: send,
    async signIn(browser = 'a test') {
      const socket = opened({ browser })
      const welcome = (await signIn(socket, { token: tokenIn(serving.link()) })) as { session: string; key: string }
      socket.terminate()
      return { id: welcome.session, key: welcome.key }
    },
    socket: opened,
    async remove() {
      await serving.close()
      await clean()
    },
  }
}

export interface Session {
  readonly id: string
  readonly key: string
}

export const tokenIn = (link: string): string => new URL(link).hash.replace('#token=', '')

/** The next message, or the code that the socket was closed with. */
export async function heard(socket: WebSocket): Promise<unknown> {
  const { signal, abort } = controller()
  const [first] = (await Promise.race(['message', 'close'].map(it => once(socket, it, { signal }))).finally(abort)) as [
    Buffer | number,
  ]
  return typeof first === 'number' ? first : JSON.parse(first.toString())
}

function controller(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const it = new AbortController()
  return { signal: it.signal, abort: () => it.abort() }
}

export const proofOf = (key: string, side: string, serverNonce: string, pageNonce: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(`${side} ${serverNonce} ${pageNonce}`).digest('hex')

/**
 * Signs a socket in as a page does, with a session or whatever else. @returns the answer, or the code that the socket
 * was closed with
 */
export async function signIn(socket: WebSocket, as: Session | object): Promise<unknown> {
  const { nonce } = (await heard(socket)) as { nonce: string }
  const own = randomBytes(32).toString('hex')
  socket.send(
    JSON.stringify('key' in as ? { session: as.id, nonce: own, proof: proofOf(as.key, 'page', nonce, own) } : as),
  )
  const welcome = await heard(socket)
  if ('key' in as && typeof welcome === 'object')
    expect(welcome).toEqual({ proof: proofOf(as.key, 'server', nonce, own) })
  return welcome
}

/** The sockets that lines of pages opened, in order. */
export const pageSockets: WebSocket[] = []

/**
 * The line to the router that a page of ours has, its own code included. @param token of a new link, unless another is
 * given or `null`
 */
export function pageLine(
  server: Serving,
  { store = new MemoryStore(), token = tokenIn(server.link()) }: { store?: SessionStore; token?: string | null } = {},
) {
  const host = `127.0.0.1:${server.port}`
  vi.stubGlobal(
    'WebSocket',
    class extends WebSocket {
      constructor(url: string) {
        super(url, { headers: { origin: url.replace('ws:', 'http:').replace('/api', '') } })
        this.on('error', () => undefined) // no browser ends for it
        pageSockets.push(this)
      }
    },
  )
  let signedOut = false
  const line = connectServed({
    url: `ws://${host}/api`,
    session: new PageSession(store, token ?? undefined),
    signedOut: () => {
      signedOut = true
    },
    retryDelayMs: () => 50,
  })
  onTestFinished(() => line.close())
  return {
    client: createTRPCClient<Router>({ links: [wsLink({ client: line })] }),
    store,
    signedOut: () => signedOut,
  }
}

/** What a browser keeps for an origin. */
export class MemoryStore implements SessionStore {
  #session: KeptSession | undefined
  read(): Promise<KeptSession | undefined> {
    return Promise.resolve(this.#session)
  }
  write(session: KeptSession): Promise<void> {
    this.#session = session
    return Promise.resolve()
  }
}

/** The path goes out as it is. */
export function request(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => {
          body += chunk
        })
        .on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.once('error', fail)
    sent.end()
  })
}

/** Bytes on a connection, and all that comes back until it is closed. */
export function raw(port: number, bytes: string): Promise<string> {
  return new Promise((done, fail) => {
    let answer = ''
    const stream = createConnection(port, '127.0.0.1', () => stream.write(bytes))
    stream
      .setEncoding('utf8')
      .on('data', (chunk: string) => {
        answer += chunk
      })
      .on('close', () => done(answer))
      .on('error', fail)
  })
}

/** What became of a socket: open, or the HTTP status that refused it. */
export function outcome(socket: WebSocket): Promise<'open' | number> {
  return new Promise((done, fail) => {
    socket.once('open', () => done('open'))
    socket.once('unexpected-response', (_, response) => done(response.statusCode ?? 0))
    socket.once('error', fail)
  })
}
