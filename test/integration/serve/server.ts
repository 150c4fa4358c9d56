/** A server of our pages in a home of its own, and requests to it that no browser would let us write. */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { vi } from 'vitest'
import { WebSocket } from 'ws'
import { serve, type ServeOptions, type Serving } from '../../../src/main/serve'
import { freePort } from '../../support/infrastructure'
import { endProcessesIn } from '../../support/processes'
import { logWorker } from '../../support/workspace'

const project = resolve(import.meta.dirname, '../../..')

export interface TestServer extends Serving {
  /** Everything of it lies below. */
  readonly home: string
  /** Opens a session with a new link. @returns the Cookie header of its browser */
  signIn(browser?: string): Promise<string>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** A socket as a page opens it; the options say what is false about it. */
  socket(options: { cookie?: string; origin?: string; host?: string; path?: string }): WebSocket
  remove(): Promise<void>
}

export interface Answer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }

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
    writeFile(join(root, 'out', 'renderer', 'assets', 'app.js'), 'void 0'),
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
  const send = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> => request(serving.port, path, headers, method)
  return {
    ...serving, home, get: send,
    async signIn(browser = 'a test') {
      const { headers } = await send(new URL(serving.link()).search.replace(/^/, '/'), { 'user-agent': browser })
      return (headers['set-cookie']?.[0] ?? '').split(';')[0] ?? ''
    },
    socket: ({ cookie, host = `127.0.0.1:${serving.port}`, origin = `http://${host}`, path = '/api' }) =>
      new WebSocket(`ws://127.0.0.1:${serving.port}${path}`, { headers: { host, ...origin && { origin }, ...cookie && { cookie } } }),
    async remove() {
      await serving.close()
      await clean()
    },
  }
}

/** The path goes out as it is. */
export function request(port: number, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk }).on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }))
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
    stream.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk }).on('close', () => done(answer)).on('error', fail)
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
