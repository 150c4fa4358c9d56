/** The router over an HTTP server's WebSockets: that of the served pages, and the command line's local one. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { App } from '../app'
import { waitFor } from '../system/wait'
import { connectRouter } from './router-connection'

/** Bytes per message: far more than any request needs. */
const maxMessage = 1_000_000
/** Sockets open at a time; a page has one. */
const maxSockets = 64
/** Milliseconds. An unanswered ping ends a socket whose other end has vanished. */
const keepAlive = { enabled: true, pingMs: 20_000, pongWaitMs: 20_000 }
/** Milliseconds for the other end to close its side of a socket. */
const closeTimeout = 2_000

/** Decides who may have a socket. */
export interface Door {
  /** @returns the HTTP status and reason if the request is refused */
  refuses(request: IncomingMessage): string | undefined
  /** Closes the socket, or calls `admitted` with its session. Until then, nothing that it sends is treated as a call. */
  admit(socket: WebSocket, request: IncomingMessage, admitted: (session: string) => void): void
  /** Called when a session gains (1) or loses (-1) a connection. */
  connected(session: string, connection: Socket, by: 1 | -1): void
}

export interface Sockets {
  /** Ends a session's sockets. */
  drop(session: string): void
  /** Ends all sockets and answers nothing any more. */
  close(): void
}

/** @param door if absent, anyone who can connect may call */
export function serveSockets(server: Server, app: App, door?: Door): Sockets {
  // The type lacks `closeTimeout`.
  const options = { noServer: true, maxPayload: maxMessage, perMessageDeflate: false, closeTimeout }
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
    const refused = sessions.size >= maxSockets ? '503 Service Unavailable' : door?.refuses(request)
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

/** Ends the connection once this is sent: the other end may never close its side. */
function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => stream.destroy())
}
