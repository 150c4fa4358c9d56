/**
 * Connections that don't belong to a session yet. Anyone on the machine can open them and hold them open, so their
 * number is limited and a new one replaces the oldest. This way an operator can always connect, and strangers can't end
 * a session's connections.
 */
import type { Server, Socket } from 'node:net'

/** The limit. A browser opens six per page. */
export const mostStrangers = 64

export class Strangers {
  /** Keyed by remote address and port, which a TLS socket shares with the socket beneath it. */
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

  /** Marks a connection as belonging to a session. */
  vouch(socket: Socket): void {
    this.#connections.delete(farEnd(socket))
  }

  /** Closes all of them. */
  drop(): void {
    for (const it of this.#connections.values()) it.destroy()
  }
}

const farEnd = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
