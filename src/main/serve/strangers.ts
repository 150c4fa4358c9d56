/**
 * Connections that no session has vouched for. Anyone on the machine can open them, and hold them open: so they are
 * few, and a new one takes the place of the oldest. An operator always gets a connection, and no stranger can end one
 * that a session has.
 */
import type { Server, Socket } from 'node:net'

/** At once. A browser opens six for a page. */
export const mostStrangers = 64

export class Strangers {
  /** By their far end: a TLS socket and the one that it reads from have the same. */
  readonly #connections = new Map<string, Socket>()

  constructor(server: Server) {
    server.on('connection', socket => {
      const end = farEnd(socket)
      this.#connections.set(end, socket)
      socket.once('close', () => {
        if (this.#connections.get(end) === socket) this.#connections.delete(end)
      })
      const [oldest] = this.#connections.values()
      if (this.#connections.size > mostStrangers) oldest?.destroy()
    })
  }

  /** The connection is a session's from now on. */
  vouch(socket: Socket): void {
    this.#connections.delete(farEnd(socket))
  }

  /** Ends them all. */
  drop(): void {
    for (const it of this.#connections.values()) it.destroy()
  }
}

const farEnd = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
