/**
 * The router over a Unix socket, through which the command line reaches a running engine. Anyone who may enter the
 * socket's folder (0700) may call everything; there is no other check.
 */
import { EventEmitter, once } from 'node:events'
import { open, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname } from 'node:path'
import type { App } from '../app'
import type { LocalListener } from '../faces'
import { makePrivateFolder } from '../system/files'
import { shortPath } from './local-client'
import { serveSockets } from './web-socket'

/** Listens until it is closed. Replaces a socket left by an earlier process: the caller holds the workspace's lock. */
export async function listenLocally(path: string, app: App): Promise<LocalListener> {
  await makePrivateFolder(dirname(path))
  await rm(path, { force: true })
  const folder = await open(dirname(path), 'r')
  const server = createServer((_, response) => response.writeHead(426).end())
  const sockets = serveSockets(server, app)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(shortPath(folder, path), resolve)
  }).catch(async (error: unknown) => {
    await folder.close()
    throw error
  })
  let connections = 0
  const ended = new EventEmitter()
  server.on('connection', stream => {
    connections++
    stream.once('close', () => {
      connections--
      ended.emit('one')
    })
  })
  let closed: Promise<unknown> | undefined
  const close = (): Promise<unknown> => {
    sockets.close()
    return (closed ??= new Promise(resolve => {
      server.close(resolve)
    }))
  }
  return {
    count: () => connections,
    endIfUnused() {
      if (connections === 0) void close()
      return connections === 0
    },
    disconnected: signal =>
      once(ended, 'one', { signal }).then(
        () => undefined,
        () => undefined,
      ),
    async close() {
      await close()
      await folder.close()
    },
  }
}
