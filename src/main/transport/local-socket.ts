/**
 * The router over a Unix socket: how the command line reaches an engine that runs. Who may enter the socket's folder (0700) may
 * ask for everything; there is no other check.
 */
import { open, rm, type FileHandle } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createConnection } from 'node:net'
import { basename, dirname } from 'node:path'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import { WebSocket } from 'ws'
import type { Router } from '../api/router'
import type { App } from '../app'
import { makePrivateFolder } from '../system/files'
import { serveSockets } from './web-socket'

/** The socket's name in a workspace's own folder. */
export const engineSocket = 'engine.sock'

/** Listens until the returned function is called. What an earlier process left at the path is replaced: the caller holds the lock on it. */
export async function listenLocally(path: string, app: App): Promise<() => Promise<void>> {
  await makePrivateFolder(dirname(path))
  await rm(path, { force: true })
  const folder = await open(dirname(path), 'r')
  const server = createServer((_, response) => response.writeHead(426).end())
  const sockets = serveSockets(server, app, () => ({}))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(shortPath(folder, path), resolve)
  }).catch(async (error: unknown) => {
    await folder.close()
    throw error
  })
  return async () => {
    sockets.close()
    await new Promise(resolve => { server.close(resolve) })
    await folder.close()
  }
}

export interface LocalConnection {
  readonly client: TRPCClient<Router>
  close(): Promise<void>
}

/** @returns undefined if nobody listens there */
export async function connectLocally(path: string): Promise<LocalConnection | undefined> {
  const folder = await open(dirname(path), 'r').catch(() => undefined)
  if (!folder) return undefined
  const short = shortPath(folder, path)
  if (!await answers(short)) {
    await folder.close()
    return undefined
  }
  class LocalSocket extends WebSocket {
    constructor() { super('ws://localhost/', { createConnection: () => createConnection(short) }) }
  }
  // An engine that ends is not waited for: what was asked is answered with an error.
  const socket = createWSClient({ url: 'ws://localhost/', WebSocket: LocalSocket as unknown as typeof globalThis.WebSocket, retryDelayMs: () => 1000 })
  return {
    client: createTRPCClient<Router>({ links: [wsLink({ client: socket })] }),
    async close() {
      await socket.close()
      await folder.close()
    },
  }
}

/** A socket's path has at most 107 characters; through the open folder it is always short. */
const shortPath = (folder: FileHandle, path: string): string => `/proc/self/fd/${folder.fd}/${basename(path)}`

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createConnection(path)
    probe.once('connect', () => { probe.destroy(); resolve(true) })
    probe.once('error', () => resolve(false))
  })
}
