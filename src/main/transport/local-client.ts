/**
 * The client of a router that listens on a Unix socket. Separate from the server, so that a command doesn't load the
 * router itself.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { basename, dirname } from 'node:path'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import { WebSocket } from 'ws'
import type { Router } from '../api/router'

/** The socket's name in a workspace's own folder. */
export const engineSocket = 'engine.sock'

export interface LocalConnection {
  readonly client: TRPCClient<Router>
  close(): Promise<void>
}

/** @returns undefined if nothing is listening there */
export async function connectLocally(path: string): Promise<LocalConnection | undefined> {
  const folder = await open(dirname(path), 'r').catch(() => undefined)
  if (!folder) return undefined
  const short = shortPath(folder, path)
  if (!(await answers(short))) {
    await folder.close()
    return undefined
  }
  class LocalSocket extends WebSocket {
    constructor() {
      super('ws://localhost/', { createConnection: () => createConnection(short) })
    }
  }
  // If the engine ends, open calls fail.
  const socket = createWSClient({
    url: 'ws://localhost/',
    WebSocket: LocalSocket as unknown as typeof globalThis.WebSocket,
    retryDelayMs: () => 1000,
  })
  return {
    client: createTRPCClient<Router>({ links: [wsLink({ client: socket })] }),
    async close() {
      await socket.close()
      await folder.close()
    },
  }
}

/** A socket's path can have at most 107 bytes; through the open folder it is always short. */
export const shortPath = (folder: FileHandle, path: string): string => `/proc/self/fd/${folder.fd}/${basename(path)}`

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createConnection(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
}
