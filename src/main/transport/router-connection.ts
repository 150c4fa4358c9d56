/** Connects a socket of any kind to the router: tRPC's own WebSocket protocol, with a limit on open calls. */
import type { IncomingMessage } from 'node:http'
import { getWSConnectionHandler, type WSSHandlerOptions } from '@trpc/server/adapters/ws'
import type { WebSocket } from 'ws'
import { closeCodes } from '../../shared/served'
import { apiRouter, type Router } from '../api/router'
import type { ApiContext } from '../api/trpc'
import { countingEncoder, maxOpenCalls } from './open-calls'

/** @param socket a WebSocket, or the part of one that tRPC's adapter uses */
export function connectRouter(
  socket: WebSocket,
  request: IncomingMessage,
  context: ApiContext,
  keepAlive?: WSSHandlerOptions<Router>['keepAlive'],
): void {
  const encoder = countingEncoder(() =>
    socket.close(closeCodes.tooManyCalls, `More than ${maxOpenCalls} calls at once.`),
  )
  getWSConnectionHandler({
    wss: undefined, // not used for a single connection
    router: apiRouter,
    createContext: () => context,
    keepAlive,
    experimental_encoder: encoder,
  })(socket, request)
}
