/**
 * How many calls one connection may have open: a message of a megabyte can hold thousands, and they would run at once.
 */
import { jsonEncoder, type Encoder } from '@trpc/server/adapters/ws'

/**
 * Calls without an answer yet, live subscriptions among them. A page has about ten, and some hundred while it starts
 * that many instances at once.
 */
export const mostOpenCalls = 500

/** A call or an answer, as far as they are looked at here. */
interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly error?: unknown
  readonly result?: { readonly type?: unknown }
}

/**
 * Reads and writes one connection's messages and counts the calls among them.
 * @param exceeded called once, when there are too many; from then on nothing is read
 */
export function countingEncoder(exceeded: () => void): Encoder {
  /** By id: whether it is a subscription, which only `stopped` ends. */
  const open = new Map<unknown, boolean>()
  let refused = false
  return {
    encode(data) {
      const { id, error, result } = data as Message
      if (error !== undefined || result?.type === 'stopped' || (result?.type === 'data' && open.get(id) === false))
        open.delete(id)
      return jsonEncoder.encode(data)
    },
    decode(data) {
      if (refused) return []
      const decoded = jsonEncoder.decode(data)
      const messages = (Array.isArray(decoded) ? decoded : [decoded]) as (Message | null)[]
      const calls = messages.filter(
        it => ['string', 'number'].includes(typeof it?.id) && it?.method !== 'subscription.stop',
      ) // nothing else runs
      // An id that is open already would be counted once and answered twice.
      const fresh = new Set(calls.map(it => it?.id).filter(it => !open.has(it)))
      if (
        fresh.size === calls.length &&
        messages.length <= mostOpenCalls &&
        open.size + calls.length <= mostOpenCalls
      ) {
        for (const it of calls) open.set(it?.id, it?.method === 'subscription')
        return decoded
      }
      refused = true
      exceeded()
      return []
    },
  }
}
