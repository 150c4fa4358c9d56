/** Asks a server again and again, each time on a new connection, and notes how long nobody answered. */
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

export interface Probed {
  readonly asked: number
  readonly failed: number
  /** Milliseconds between two answers, at most. */
  readonly longestGap: number
  /** Milliseconds that an answer took, of 100 the 95th. */
  readonly p95: number
}

/** Milliseconds between two requests. */
const interval = 5
/** @param limit milliseconds after which a request has failed @returns what ends it and tells what it saw */
export function probe(port: number, limit = 2000): () => Promise<Probed> {
  let [asked, failed, longestGap, last] = [0, 0, 0, performance.now()]
  const over = new AbortController()
  const times: number[] = []
  const open = new Set<Promise<void>>()
  const ask = async (method: 'GET' | 'POST'): Promise<void> => {
    const began = performance.now()
    const answered = await new Promise<boolean>(resolve => {
      const signal = AbortSignal.timeout(limit)
      request({ host: '127.0.0.1', port, path: '/', method, agent: false, signal }, response => {
        response.resume().on('end', () => resolve((response.statusCode ?? 500) < 500))
        response.on('error', () => resolve(false))
      })
        .on('error', () => resolve(false))
        .end()
    })
    const now = performance.now()
    asked++
    if (!answered) return void failed++
    times.push(now - began)
    longestGap = Math.max(longestGap, now - last)
    last = now
  }
  const loop = (async () => {
    while (!over.signal.aborted) {
      const one = ask(asked % 2 ? 'POST' : 'GET')
      open.add(one)
      void one.then(() => open.delete(one))
      await delay(interval)
    }
  })()
  return async () => {
    over.abort()
    await loop
    await Promise.all(open)
    return { asked, failed, longestGap, p95: times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? NaN }
  }
}
