/** The router over WebSockets of an HTTP server: the served page's, and the local one of the command line. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import type { App } from '../app'
import { apiRouter } from '../api/router'

/** Bytes of one message: far more than any request needs. */
const longest = 1_000_000
/** Sockets at once; a page has one. */
const most = 64
/** An unanswered ping ends a socket whose other end has vanished. Milliseconds. */
const keepAlive = { enabled: true, pingMs: 20_000, pongWaitMs: 20_000 }

/** @returns whose socket it may become, or the HTTP status and reason to refuse it with */
export type Authorize = (request: IncomingMessage) => { readonly session?: string } | { readonly refused: string }

export interface Sockets {
  /** How many are open. */
  count(): number
  /** Ends those of one session. */
  drop(session: string): void
  /** Ends all; nothing is answered any more. */
  close(): void
}

/** @param connected told when a session's connection comes (1) or goes (-1) */
export function serveSockets(server: Server, app: App, authorize: Authorize, connected?: (session: string, by: 1 | -1) => void): Sockets {
  const wss = new WebSocketServer({ noServer: true, maxPayload: longest, perMessageDeflate: false, clientTracking: false })
  const sessions = new Map<WebSocket, string | undefined>()
  const sessionOf = new WeakMap<IncomingMessage, string | undefined>()
  applyWSSHandler({ wss, router: apiRouter, keepAlive, createContext: ({ req, res }) => ({ app, session: sessionOf.get(req), drained: () => drained(res) }) })

  server.on('upgrade', (request, stream: Duplex, head) => {
    stream.on('error', () => stream.destroy())
    const answer = sessions.size >= most ? { refused: '503 Service Unavailable' } : authorize(request)
    if ('refused' in answer) return refuse(stream, answer.refused)
    wss.handleUpgrade(request, stream, head, socket => {
      sessionOf.set(request, answer.session)
      sessions.set(socket, answer.session)
      const { session } = answer
      if (session !== undefined) connected?.(session, 1)
      socket.once('close', () => {
        sessions.delete(socket)
        if (session !== undefined) connected?.(session, -1)
      })
      socket.on('error', () => socket.terminate()) // e.g. a message that is too long
      wss.emit('connection', socket, request)
    })
  })
  return {
    count: () => sessions.size,
    drop(session) {
      for (const [socket, its] of sessions) if (its === session) socket.terminate()
    },
    close() {
      for (const socket of sessions.keys()) socket.terminate()
      wss.close()
    },
  }
}

/** Until less than 1 MB waits to be sent. */
async function drained(socket: WebSocket): Promise<void> {
  while (socket.readyState === socket.OPEN && socket.bufferedAmount > 1_000_000) await delay(20)
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
