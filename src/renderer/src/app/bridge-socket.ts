/** Wraps the preload's bridge as a WebSocket, with only the parts that tRPC's client uses. */
import type { Bridge, BridgeConnection } from '../../../shared/bridge'

/** @returns a class for `createWSClient`; each of its instances is one connection over the bridge */
export function bridgeSocket(bridge: Bridge): typeof WebSocket {
  class BridgeSocket extends EventTarget {
    static readonly CONNECTING = 0
    static readonly OPEN = 1
    static readonly CLOSING = 2
    static readonly CLOSED = 3
    readyState: number = BridgeSocket.CONNECTING
    binaryType = 'arraybuffer'
    #connection: BridgeConnection | undefined

    constructor() {
      super()
      // like a real socket: one task later, after the client's promises have added its listeners
      setTimeout(() => this.#open())
    }

    send(data: string): void {
      this.#connection?.send(data)
    }

    close(): void {
      this.#connection?.close()
      this.#closed()
    }

    #open(): void {
      if (this.readyState === BridgeSocket.CLOSED) return
      try {
        this.#connection = bridge.connect({
          onMessage: data => this.dispatchEvent(new MessageEvent('message', { data })),
          onClose: () => this.#closed(),
        })
      } catch {
        this.readyState = BridgeSocket.CLOSED
        this.dispatchEvent(new Event('error'))
        return
      }
      this.readyState = BridgeSocket.OPEN
      this.dispatchEvent(new Event('open'))
    }

    #closed(): void {
      if (this.readyState === BridgeSocket.CLOSED) return
      this.readyState = BridgeSocket.CLOSED
      this.dispatchEvent(new Event('close'))
    }
  }
  return BridgeSocket as unknown as typeof WebSocket
}
