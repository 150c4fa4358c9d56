/**
 * Asks a server again and again, each time on a new connection, and notes how long nobody answered. In a process of its
 * own: the engine that a bench drives must not delay its answers.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Probed {
  readonly asked: number
  readonly failed: number
  /** Milliseconds between two answers, at most. */
  readonly longestGap: number
  /** Milliseconds that an answer took, of 100 the 95th. */
  readonly p95: number
}

/** @param limit milliseconds after which a request has failed @returns what ends it and tells what it saw */
export async function probe(port: number, limit = 2000): Promise<() => Promise<Probed>> {
  const child = fork(join(import.meta.dirname, 'probe.mjs'), [String(port), String(limit)], { execArgv: [] })
  await once(child, 'message')
  return async () => {
    child.send('end')
    const [seen] = (await once(child, 'message')) as [Probed]
    return seen
  }
}
