/** Limits a connection's open calls: a message of a megabyte could contain thousands, which would all run at once. */
import { jsonEncoder, type Encoder } from '@trpc/server/adapters/ws'

/**
 * Calls that haven't been answered yet, including live subscriptions. A page has about ten, or about a hundred while it
 * starts that many instances.
 */
export const maxOpenCalls = 500

/** The parts of a call or an answer that are used here. */
interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly error?: unknown
  readonly result?: { readonly type?: unknown }
}

/**
 * Encodes and decodes a connection's messages, and counts its open calls.
 * @param exceeded called once if there are too many; nothing is read any more then
 */
export function countingEncoder(exceeded: () => void): Encoder {
  /** By id, whether it is a subscription, which only `stopped` ends. */
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
      ) // only these are run
      // An id that is already open would be counted once but answered twice.
      const fresh = new Set(calls.map(it => it?.id).filter(it => !open.has(it)))
      if (fresh.size === calls.length && messages.length <= maxOpenCalls && open.size + calls.length <= maxOpenCalls) {
        for (const it of calls) open.set(it?.id, it?.method === 'subscription')
        return decoded
      }
      refused = true
      exceeded()
      return []
    },
  }
}
