/**
 * The client of a router that listens on a Unix socket. Separate from the server, so that a command doesn't load the
 * router itself.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { basename, dirname } from 'node:path'
import { createTRPCClient, createWSClient, TRPCClientError, wsLink, type TRPCClient, type TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import { WebSocket } from 'ws'
import type { Router } from '../api/router'

/** The socket's name in a workspace's own folder. */
export const engineSocket = 'engine.sock'

export interface LocalConnection {
  readonly client: TRPCClient<Router>
  /** Another connection to the same router, without a client. It ends with this one. */
  connect(): WebSocket
  /** Resolves when the connection is lost or closed. */
  readonly lost: Promise<void>
  close(): Promise<void>
}

/** The close code of a connection that we end. */
export const leaving = 1000

/** How long a busy engine may take to accept a connection, in milliseconds. */
const patience = 30_000

/** @returns undefined if nothing is listening there, or what listens is just ending */
export async function connectLocally(path: string): Promise<LocalConnection | undefined> {
  const folder = await open(dirname(path), 'r').catch(() => undefined)
  if (!folder) return undefined
  const short = shortPath(folder, path)
  class LocalSocket extends WebSocket {
    constructor() {
      super('ws://localhost/', { createConnection: () => createConnection(short), handshakeTimeout: patience })
    }
  }
  let tell: (open: boolean) => void
  let end: () => void
  const opened = new Promise<boolean>(resolve => (tell = resolve))
  const lost = new Promise<void>(resolve => (end = resolve))
  const others = new Set<WebSocket>()
  const socket = createWSClient({
    url: 'ws://localhost/',
    WebSocket: LocalSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 1000,
    onOpen: () => tell(true),
    onError: () => tell(false),
    onClose: () => {
      tell(false)
      end()
    },
  })
  const close = async (): Promise<void> => {
    for (const other of others) other.close(leaving)
    await socket.close()
    await folder.close()
  }
  if (!(await opened)) {
    await close()
    return undefined
  }
  /** Without a connection, the client would keep a call until there is one again, which may be never. */
  const failUnlessConnected: TRPCLink<Router> =
    () =>
    ({ op, next }) =>
      op.type === 'subscription' || socket.connection?.ws?.readyState === WebSocket.OPEN
        ? next(op)
        : observable(({ error }) => error(TRPCClientError.from(new Error('The connection is lost.'))))
  return {
    client: createTRPCClient<Router>({ links: [failUnlessConnected, wsLink({ client: socket })] }),
    connect() {
      const other = new LocalSocket()
      others.add(other)
      other.once('close', () => others.delete(other))
      return other
    },
    lost,
    close,
  }
}

/** A socket's path can have at most 107 bytes; through the open folder it is always short. */
export const shortPath = (folder: FileHandle, path: string): string => `/proc/self/fd/${folder.fd}/${basename(path)}`
