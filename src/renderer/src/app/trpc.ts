/**
 * The typed line to the router: over the preload's bridge in the desktop app, over a WebSocket where the page is
 * served.
 */
import { QueryClient } from '@tanstack/react-query'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient, type TRPCWebSocketClient } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import type { Router } from '../../../main/api/router'
import { bridgeSocket } from './bridge-socket'
import { PageSession, takeToken } from './page-session'
import { connectServed } from './served-socket'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<Router>()

export interface Connection {
  readonly socket: TRPCWebSocketClient
  readonly client: TRPCClient<Router>
  readonly queryClient: QueryClient
}

/** Milliseconds before the next attempt: at once, then slower, at most 5 s. */
const retryDelayMs = (attempt: number): number => (attempt === 0 ? 0 : Math.min(250 * 2 ** attempt, 5000))

/** Milliseconds. An answer may wait behind megabytes of a log on a slow line. */
const keepAlive = { enabled: true, intervalMs: 5000, pongTimeoutMs: 10_000 }

/** Where a served page finds the router. */
const socketUrl = (): string => new URL('api', location.href.split('#')[0]).href.replace(/^http/, 'ws')

/** @param signedOut called when this browser has no session, or no longer: there is nothing left to show */
export function connect(signedOut: () => void): Connection {
  const socket = window.bridge
    ? createWSClient({ url: 'bridge:', WebSocket: bridgeSocket(window.bridge), retryDelayMs })
    : connectServed({
        url: socketUrl,
        session: new PageSession(localStorage, takeToken()),
        signedOut,
        retryDelayMs,
        keepAlive,
      })
  return {
    socket,
    client: createTRPCClient<Router>({ links: [wsLink({ client: socket })] }),
    // Everything live is pushed; a query is asked once, when its answer is needed, and a Problem is not retried.
    queryClient: new QueryClient({
      defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, gcTime: 0 } },
    }),
  }
}
