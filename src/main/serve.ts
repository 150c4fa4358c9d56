/**
 * The app without Electron: serves the pages over HTTP, on loopback unless the operator names an address and a
 * certificate.
 */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { problem } from '../shared/problem'
import { hostOf, linkFragment } from '../shared/served'
import type { App } from './app'
import { composeApp } from './compose'
import { isInstalled, plainHost } from './host'
import { readPages } from './pages'
import { controlSocket } from './serve/control'
import { Gate } from './serve/gate'
import { servePages } from './serve/http'
import { Sessions } from './serve/sessions'
import { signIn } from './serve/sign-in'
import { Strangers } from './serve/strangers'
import { portHolders } from './system/sockets'
import { productIn } from './system/product'
import { connectLocally } from './transport/local-client'
import { listenLocally } from './transport/local-socket'
import { serveSockets } from './transport/web-socket'

export interface ServeOptions {
  /** The product's own folder. */
  readonly root: string
  /** The workspace to open; absent: the most recent one, if it can be opened. */
  readonly workspace?: string
  /** Absent: the first free one from 7600 on. */
  readonly port?: number
  /** PEM files and the address to listen on: only together. */
  readonly remote?: { readonly address: string; readonly certificate: string; readonly key: string }
}

export interface Serving {
  readonly app: App
  readonly address: string
  readonly port: number
  /** A new link, which opens one session. */
  link(): string
  /** Resolves when someone asks it to end. */
  readonly asked: Promise<void>
  /** Ends at once; interrupted operations are recovered at the next start. */
  close(): Promise<void>
}

/** The ports to try unless one is named. */
const ports = Array.from({ length: 100 }, (_, index) => 7600 + index)

/**
 * @throws Problems `serve-no-port`, `serve-port-taken`, `serve-certificate`; `workspace-locked`; others of opening the
 * named workspace. Nothing is served then
 */
export async function serve({ root, workspace, port: wanted, remote }: ServeOptions): Promise<Serving> {
  const tls = remote && (await readTls(remote))
  const sessions = new Sessions(id => sockets.drop(id))
  let stop = (): void => undefined
  const asked = new Promise<void>(done => {
    stop = done
  })
  const since = new Date().toISOString()
  let address = remote?.address ?? '127.0.0.1'
  let port = 0
  const link = (): string => `${tls ? 'https' : 'http'}://${hostOf({ address, port })}/${linkFragment(sessions.link())}`

  const host = await plainHost('serve', root)
  const app: App = composeApp({
    ...host,
    served: {
      status: () => ({
        pid: process.pid,
        address,
        port,
        since,
        workspace: app.opened?.paths.root,
        sessions: sessions.list().length,
      }),
      others: session => sessions.list().filter(it => it.connections > 0 && it.id !== session).length,
      link,
      stop,
      sessions: signal => sessions.watch(signal),
      revoke: id => sessions.revoke(id),
    },
  })
  const installed = isInstalled(root)
  const gate = new Gate({ scheme: tls ? 'https' : 'http', names: tls?.names ?? [] })
  const server = servePages({ files: await readPages(productIn(root).pages), gate, tls })
  const strangers = new Strangers(server)
  const sockets = serveSockets(server, app, {
    refuses: request => (gate.sameOrigin(request.headers) && request.url === '/api' ? undefined : '403 Forbidden'),
    admit: (socket, request, admitted) =>
      signIn(socket, sessions, { browser: request.headers['user-agent'] ?? '', installed }, admitted),
    connected(session, connection, by) {
      if (by === 1) strangers.vouch(connection)
      sessions.connected(session, by)
    },
  })
  port = await listen(server, address, { wanted, data: host.data })
  address = (server.address() as AddressInfo).address
  let unlisten = (): Promise<void> => Promise.resolve()
  const close = async (): Promise<void> => {
    sockets.close()
    strangers.drop()
    await Promise.all([
      new Promise(done => {
        server.close(done)
      }),
      unlisten(),
    ])
    await app.close()
  }
  try {
    const last = workspace === undefined ? await app.last() : undefined
    const shown = last === undefined ? undefined : await app.reopen(last)
    // there is a way into it already: an empty first screen at another port would only hide that
    if (shown?.code === 'workspace-locked') throw problem(shown)
    if (workspace !== undefined) await app.open(resolve(workspace))
    // last, because its presence means that the pages are being served
    unlisten = (await listenLocally(controlSocket(host.data, port), app)).close
  } catch (error) {
    await close()
    throw error
  }
  return { app, address, port, link, asked, close }
}

/** Listens on the wanted port, or else on the first free one. @param data the app's folder in the user's home */
async function listen(
  server: Server,
  address: string,
  { wanted, data }: { readonly wanted: number | undefined; readonly data: string },
): Promise<number> {
  for (const port of wanted === undefined ? ports : [wanted]) {
    const taken = await new Promise<boolean>((done, fail) => {
      const failed = (error: NodeJS.ErrnoException): void =>
        error.code === 'EADDRINUSE' ? done(true) : fail(cannotListen(address, port, error))
      server.once('error', failed)
      server.listen(port, address, () => {
        server.off('error', failed)
        done(false)
      })
    })
    if (!taken) return port
  }
  if (wanted !== undefined) throw await portTaken(wanted, data)
  throw problem({
    code: 'serve-no-port',
    message: `There is no free port from ${ports[0]} to ${ports.at(-1)}.`,
    hint: 'Choose another with --port.',
  })
}

/** @param data the app's folder in the user's home */
async function portTaken(port: number, data: string) {
  return problem({
    code: 'serve-port-taken',
    message: `Port ${port} is taken.`,
    cause: (await serverOn(port, data)) ?? (await listenerOn(port)),
    hint: 'Choose another port, or leave out --port to use the first free one.',
  })
}

/** Names the server of this user's that has the port; undefined if there is none. */
async function serverOn(port: number, data: string): Promise<string | undefined> {
  const server = await connectLocally(controlSocket(data, port))
  const status = await server?.client.serve.status.query().catch(() => undefined) // it has just ended
  await server?.close()
  return status && `Instance Manager (process ${status.pid}) is serving ${status.workspace ?? 'its pages'} on it.`
}

async function listenerOn(port: number): Promise<string> {
  const [holder] = await portHolders(port)
  return holder?.program
    ? `${holder.program} (process ${holder.pid}) is listening on it.`
    : 'Another user’s process is listening on it.'
}

const cannotListen = (address: string, port: number, error: Error) =>
  problem(
    {
      code: 'serve-no-port',
      message: `The pages can’t be served at ${address}, port ${port}.`,
      cause: error.message,
      hint: 'Choose another port or address.',
    },
    error,
  )

async function readTls({
  certificate,
  key,
}: {
  readonly certificate: string
  readonly key: string
}): Promise<{ cert: string; key: string; names: string[] }> {
  try {
    const [cert, secret] = await Promise.all([readFile(certificate, 'utf8'), readFile(key, 'utf8')])
    const parsed = new X509Certificate(cert)
    const names = [...(parsed.subjectAltName ?? '').matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)].map(([, name = '']) =>
      (name.includes(':') ? `[${name}]` : name).toLowerCase(),
    )
    return { cert, key: secret, names }
  } catch (error) {
    throw problem(
      {
        code: 'serve-certificate',
        message: 'The certificate can’t be used.',
        cause: error instanceof Error ? error.message : String(error),
        hint: 'Give two readable PEM files: --certificate and --key.',
      },
      error,
    )
  }
}
