/**
 * Ports for tests. They lie below the range from which the kernel takes the ports of outgoing connections: one of those
 * could be gone before it is used. Workers that run side by side have shares of their own.
 */
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const share = {
  size: 2500,
  index: Number(process.env['VITEST_POOL_ID'] ?? process.env['TEST_PARALLEL_INDEX'] ?? 0) % 4,
}
const [services, instances] = [10_000, 20_000].map(start => start + share.index * share.size) as [number, number]
const fewInstances = 300 // more than any workspace of a test has, those that are laid out included

let next = randomInt(share.size)

/** A port that nothing listens on, another one at each call. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = services + next
    next = (next + 1) % share.size
    if (await isFree(port)) return port
  }
}

/** Where the ports of a workspace's instances begin. */
export const firstInstancePort = (): number => instances + randomInt(share.size - fewInstances)

/** Listens on it as soon as it is free. */
export async function takePort(port: number): Promise<Server> {
  for (;;) {
    const server = createServer()
    const taken = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (taken) return server
    await delay(5)
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, () => server.close(() => resolve(true)))
  })
