/** The router over WebSockets of an HTTP server: the served page's, and the local one of the command line. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { App } from '../app'
import { waitFor } from '../system/wait'
import { connectRouter } from './router-connection'

/** Bytes of one message: far more than any request needs. */
const longest = 1_000_000
/** Sockets at once; a page has one. */
const most = 64
/** An unanswered ping ends a socket whose other end has vanished. Milliseconds. */
const keepAlive = { enabled: true, pingMs: 20_000, pongWaitMs: 20_000 }
/** Milliseconds that the other end has to agree to the end of a socket. */
const closeTimeout = 2_000

/** Who may have a socket. */
export interface Door {
  /** @returns the HTTP status and reason to refuse a request with */
  refuses(request: IncomingMessage): string | undefined
  /** Closes the socket, or calls `admitted` with whose it is. Until then nothing that it sends is a call. */
  admit(socket: WebSocket, request: IncomingMessage, admitted: (session: string) => void): void
  /** A session's connection came (1) or went (-1). */
  connected(session: string, connection: Socket, by: 1 | -1): void
}

export interface Sockets {
  /** Ends those of one session. */
  drop(session: string): void
  /** Ends all; nothing is answered any more. */
  close(): void
}

/** @param door without one, whoever can connect may call */
export function serveSockets(server: Server, app: App, door?: Door): Sockets {
  // Its type leaves `closeTimeout` out.
  const options = { noServer: true, maxPayload: longest, perMessageDeflate: false, closeTimeout }
  const wss = new WebSocketServer(options)
  const sessions = new Map<WebSocket, string | undefined>()

  const enter = (socket: WebSocket, request: IncomingMessage, session?: string): void => {
    sessions.set(socket, session)
    if (session !== undefined) door?.connected(session, request.socket, 1)
    socket.once('close', () => {
      sessions.delete(socket)
      if (session !== undefined) door?.connected(session, request.socket, -1)
    })
    connectRouter(socket, request, { app, session, drained: () => drained(socket) }, keepAlive)
  }

  server.on('upgrade', (request, stream: Duplex, head) => {
    stream.on('error', () => stream.destroy())
    const refused = sessions.size >= most ? '503 Service Unavailable' : door?.refuses(request)
    if (refused !== undefined) return refuse(stream, refused)
    wss.handleUpgrade(request, stream, head, socket => {
      socket.on('error', () => socket.terminate()) // e.g. a message that is too long
      if (door) door.admit(socket, request, session => enter(socket, request, session))
      else enter(socket, request)
    })
  })
  return {
    drop(session) {
      for (const [socket, its] of sessions) if (its === session) socket.terminate()
    },
    close() {
      for (const socket of wss.clients) socket.terminate()
      wss.close()
    },
  }
}

/** Resolves when less than 1 MB is waiting to be sent, or the socket is closed. */
async function drained(socket: WebSocket): Promise<void> {
  await waitFor(() => socket.readyState !== socket.OPEN || socket.bufferedAmount <= 1_000_000, { every: 20 })
}

/** The connection ends when this is sent, whatever the other end does: it may never close its side. */
function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => stream.destroy())
}
