/**
 * A served page's connection: WebSockets that count as open once the page has signed in and the server has proved that
 * it knows the session.
 */
import { createWSClient, type TRPCWebSocketClient, type WebSocketClientOptions } from '@trpc/client'
import { closeCodes } from '../../../shared/served'
import type { PageSession } from './page-session'

/** Milliseconds to wait for a server's answer. */
const patience = 10_000

interface ServedOptions extends Pick<WebSocketClientOptions, 'url' | 'retryDelayMs' | 'keepAlive'> {
  readonly session: PageSession
  /** Called when there is no session, or no longer one, with what the server says of itself. Nothing follows. */
  readonly signedOut: (installed: boolean | undefined) => void
}

export function connectServed({ session, signedOut, ...options }: ServedOptions): TRPCWebSocketClient {
  const client = createWSClient({
    ...options,
    WebSocket: servedSocket(session),
    onClose(cause) {
      if (cause?.code !== closeCodes.signedOut || session.refused()) return // it reconnects by itself
      void client.close()
      signedOut(session.installed)
    },
  })
  return client
}

/** @returns a class for `createWSClient`. A socket that is refused closes with `closeCodes.signedOut` */
function servedSocket(session: PageSession): typeof WebSocket {
  class ServedSocket extends EventTarget {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    readyState: number = ServedSocket.CONNECTING
    binaryType = 'arraybuffer'
    readonly #socket: WebSocket
    readonly #timer: ReturnType<typeof setTimeout>

    constructor(url: string) {
      super()
      this.#socket = new WebSocket(url)
      this.#timer = setTimeout(() => this.#closed(closeCodes.silent), patience)
      this.#socket.addEventListener('close', ({ code }) => this.#closed(code))
      // if it closed by itself, that has been reported with its own code
      this.#signIn().catch(() => this.#closed(closeCodes.signedOut))
    }

    send(data: string): void {
      this.#socket.send(data)
    }

    close(): void {
      this.#socket.close()
      this.#closed(1000)
    }

    async #signIn(): Promise<void> {
      const { hello, check } = await session.signIn(await this.#message())
      this.#socket.send(JSON.stringify(hello))
      await check(await this.#message())
      if (this.readyState !== ServedSocket.CONNECTING) return
      this.#socket.addEventListener('message', ({ data }) => this.dispatchEvent(new MessageEvent('message', { data })))
      clearTimeout(this.#timer)
      this.readyState = ServedSocket.OPEN
      this.dispatchEvent(new Event('open'))
    }

    #message(): Promise<unknown> {
      return new Promise((done, fail) => {
        this.#socket.addEventListener(
          'message',
          ({ data }) => {
            try {
              done(JSON.parse(String(data)))
            } catch (error) {
              fail(error)
            }
          },
          { once: true },
        )
        this.#socket.addEventListener('close', fail, { once: true })
      })
    }

    #closed(code: number): void {
      if (this.readyState === ServedSocket.CLOSED) return
      const opened = this.readyState === ServedSocket.OPEN
      clearTimeout(this.#timer)
      this.readyState = ServedSocket.CLOSED
      this.#socket.close()
      // as a WebSocket that failed to open does: the client waits for this event
      if (!opened) this.dispatchEvent(new Event('error'))
      this.dispatchEvent(Object.assign(new Event('close'), { code }))
    }
  }
  return ServedSocket as unknown as typeof WebSocket
}
