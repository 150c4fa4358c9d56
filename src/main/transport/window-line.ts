/**
 * A window's line to the router. While the window shows a workspace through another process's engine, the app's own
 * calls (`app.…`: dialogs, windows, which workspace is shown) are answered here, and all others by that engine.
 */
import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import type { App } from '../app'
import { leaving } from './local-client'
import { connectRouter } from './router-connection'

/** The part of `ws.WebSocket` that tRPC's adapter uses. */
export interface Line extends EventEmitter {
  readonly readyState: number
  send(data: string): void
  close(): void
}

export function connectWindow(line: Line, app: App): void {
  const own = new OwnCalls(line)
  let theirs: Promise<WebSocket> | undefined
  line.on('message', (data: Buffer) => {
    const engine = app.joined
    if (!engine && !theirs) return own.take(data)
    const calls = divided(data)
    if (calls.own.length > 0) own.take(Buffer.from(JSON.stringify(calls.own)))
    if (calls.other.length === 0) return
    theirs ??= engine && connected(engine.connect(), line, () => (theirs = undefined))
    void theirs?.then(it => it.send(JSON.stringify(calls.other)))
  })
  const request = { url: '/', headers: {} } satisfies Pick<IncomingMessage, 'url' | 'headers'>
  connectRouter(own as unknown as WebSocket, request as IncomingMessage, { app })
}

/** The line as our own router sees it: all that arrives is what it is to answer. */
class OwnCalls extends EventEmitter implements Line {
  readonly #line: Line

  constructor(line: Line) {
    super()
    this.#line = line
    line.once('close', () => this.emit('close'))
  }

  get readyState(): number {
    return this.#line.readyState
  }

  take(data: Buffer): void {
    this.emit('message', data, false)
  }

  send(data: string): void {
    this.#line.send(data)
  }

  close(): void {
    this.#line.close()
  }

  terminate(): void {
    this.#line.close()
  }
}

/**
 * Passes on what the engine says. If that ends, the line is closed, so that the page asks again whatever it still waits
 * for. If we leave it, the page shows nothing of it any more, and the line stays.
 * @param closed called in both cases
 */
function connected(socket: WebSocket, line: Line, closed: () => void): Promise<WebSocket> {
  line.once('close', () => socket.terminate())
  socket.on('error', () => socket.terminate())
  socket.once('close', (code: number) => {
    closed()
    if (code !== leaving) line.close()
  })
  socket.on('message', (data: Buffer) => {
    const text = data.toString()
    if (text === 'PING') socket.send('PONG')
    else line.send(text)
  })
  return new Promise(done => {
    socket.once('open', () => done(socket))
  })
}

interface Call {
  readonly method?: unknown
  readonly params?: { readonly path?: unknown } | null
}

/**
 * The end of a subscription is for both: whoever doesn’t know it ignores it. What makes no sense is for our own router,
 * which refuses it.
 */
function divided(data: Buffer): { readonly own: readonly unknown[]; readonly other: readonly unknown[] } {
  const calls = [parsed(data)].flat() as readonly (Call | null | undefined)[]
  const [own, other]: [unknown[], unknown[]] = [[], []]
  for (const it of calls) {
    const ends = it?.method === 'subscription.stop'
    const path = it?.params?.path
    const theirs = typeof path === 'string' && !path.startsWith('app.')
    if (ends || !theirs) own.push(it)
    if (ends || theirs) other.push(it)
  }
  return { own, other }
}

function parsed(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString())
  } catch {
    return undefined
  }
}
