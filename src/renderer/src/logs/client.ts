/** The router calls that a reader makes. */
import type { TRPCClient } from '@trpc/client'
import type { Router } from '../../../main/api/router'
import type { LogAnchor, LogNews, LogPage, LogPosition, LogProgress, LogQuery } from '../../../shared/log'

/** @returns unsubscribes */
type Live<Input, Data> = (
  input: Input,
  on: { readonly data: (data: Data) => void; readonly error: (error: unknown) => void; readonly lost: () => void },
) => () => void

export interface LogClient {
  page(input: LogQuery & { anchor: LogAnchor; count: number }, signal: AbortSignal): Promise<LogPage>
  /** Finds the nearest match. */
  find(
    input: LogQuery & { from: LogPosition; direction: 'next' | 'previous' },
    signal: AbortSignal,
  ): Promise<LogPosition | null>
  readonly count: Live<LogQuery & { until?: LogPosition }, LogProgress>
  readonly follow: Live<LogQuery & { after?: LogPosition }, LogNews>
}

export const logClient = ({ logs }: TRPCClient<Router>): LogClient => ({
  page: (input, signal) => logs.page.query(input, { signal }),
  find: (input, signal) => logs.find.query(input, { signal }),
  count: (input, on) => live(logs.count, input, on),
  follow: (input, on) => live(logs.follow, { ...input, drawn: true }, on),
})

interface Subscribable<Input, Data> {
  subscribe(
    input: Input,
    options: {
      onData: (data: Data) => void
      onError: (error: unknown) => void
      onConnectionStateChange: (state: { state: string; error?: unknown }) => void
    },
  ): { unsubscribe(): void }
}

const live = <Input, Data>(
  procedure: Subscribable<Input, Data>,
  input: Input,
  { data, error, lost }: Parameters<Live<Input, Data>>[1],
): (() => void) => {
  const subscription = procedure.subscribe(input, {
    onData: data,
    onError: error,
    // tRPC would resubscribe with the same input after a reconnect, and repeat what was already sent.
    onConnectionStateChange: ({ state, error: cause }) => {
      if (state === 'connecting' && cause) lost()
    },
  })
  return () => subscription.unsubscribe()
}
