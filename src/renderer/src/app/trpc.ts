/**
 * The typed connection to the router: over the preload's bridge in the desktop app, over a WebSocket in served pages.
 */
import { QueryClient } from '@tanstack/react-query'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient, type TRPCWebSocketClient } from '@trpc/client'
import { createTRPCContext } from '@trpc/tanstack-react-query'
import type { Router } from '../../../main/api/router'
import { bridgeSocket } from './bridge-socket'
import { PageSession, takeToken } from './page-session'
import { sessionStore } from './session-store'
import { connectServed } from './served-socket'

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<Router>()

export interface Connection {
  readonly socket: TRPCWebSocketClient
  readonly client: TRPCClient<Router>
  readonly queryClient: QueryClient
}

/** Milliseconds before the next attempt: the first at once, later ones with increasing delays up to 5 s. */
const retryDelayMs = (attempt: number): number => (attempt === 0 ? 0 : Math.min(250 * 2 ** attempt, 5000))

/** Milliseconds. On a slow connection, a pong may be queued behind megabytes of a log. */
const keepAlive = { enabled: true, intervalMs: 5000, pongTimeoutMs: 10_000 }

/** The router's address for served pages. */
const socketUrl = (): string => new URL('api', location.href.split('#')[0]).href.replace(/^http/, 'ws')

/** @param signedOut called when this browser has no session, or no longer one */
export function connect(signedOut: (installed: boolean | undefined) => void): Connection {
  const socket = window.bridge
    ? createWSClient({ url: 'bridge:', WebSocket: bridgeSocket(window.bridge), retryDelayMs })
    : connectServed({
        url: socketUrl,
        session: new PageSession(sessionStore(), takeToken()),
        signedOut,
        retryDelayMs,
        keepAlive,
      })
  return {
    socket,
    client: createTRPCClient<Router>({ links: [wsLink({ client: socket })] }),
    // Live data is pushed. Queries run once, when their answer is needed, and Problems aren't retried. By default they
    // would wait while the browser thinks that it is offline, but the engine is on this machine or behind a tunnel.
    queryClient: new QueryClient({
      defaultOptions: {
        queries: { retry: false, refetchOnWindowFocus: false, gcTime: 0, networkMode: 'always' },
        mutations: { networkMode: 'always' },
      },
    }),
  }
}
