/** The preload's bridge in the shape of a WebSocket, as far as tRPC's client uses one. */
import type { Bridge, BridgeConnection } from '../../../shared/bridge'

/** @returns a class to hand to `createWSClient`; each instance is one line over the bridge */
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
      // like a real socket: a task later, when the client's promises have added its listeners
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
