/**
 * The session of a served page: this side of the messages in shared/served.ts. Its key is kept by the origin, name and
 * port, so no other port of the host gets it; all tabs share it, and it is worthless once its server has ended.
 */
import { linkFragment, proofText, secretPattern, type Greeting, type Hello, type Welcome } from '../../../shared/served'

const storageKey = 'session'

interface Session {
  readonly id: string
  readonly key: string
}

export class PageSession {
  /** A link's token, until it was used. */
  #token: string | undefined
  readonly #storage: Storage

  constructor(storage: Storage, token: string | undefined) {
    this.#storage = storage

    this.#token = token
  }

  /** The server would not have it, or was not ours. @returns whether there is something else to try */
  refused(): boolean {
    const retry = this.#token !== undefined && this.#stored() !== undefined
    this.#token = undefined
    return retry
  }

  /**
   * Answers a greeting.
   * @returns what to say, and the check of what comes back: it rejects if that is not from a server which knows the
   * session
   * @throws if the greeting is none of ours, or there is nothing to sign in with
   */
  async signIn(greeting: unknown): Promise<{ readonly hello: Hello; check(welcome: unknown): Promise<void> }> {
    const serverNonce = secretOf((greeting as Partial<Greeting> | null)?.nonce)
    const token = this.#token
    if (token !== undefined) return { hello: { token }, check: welcome => this.#keep(welcome) }
    const stored = this.#stored()
    if (!stored) throw new Error('there is no session')
    const key = await crypto.subtle.importKey('raw', bytes(stored.key), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
      'verify',
    ])
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)))
    const proof = hex(
      new Uint8Array(await crypto.subtle.sign('HMAC', key, text(proofText('page', serverNonce, nonce)))),
    )
    return {
      hello: { session: stored.id, nonce, proof },
      async check(welcome) {
        const theirs = secretOf((welcome as { proof?: unknown } | null)?.proof)
        if (!(await crypto.subtle.verify('HMAC', key, bytes(theirs), text(proofText('server', serverNonce, nonce)))))
          throw new Error('this is another server')
      },
    }
  }

  /** What a link opened. */
  #keep(welcome: unknown): Promise<void> {
    const { session, key } = welcome as Partial<Extract<Welcome, { key: string }>>
    if (typeof session !== 'string') return Promise.reject(new Error('no session came'))
    this.#storage.setItem(storageKey, JSON.stringify({ id: session, key: secretOf(key) } satisfies Session))
    this.#token = undefined
    return Promise.resolve()
  }

  #stored(): Session | undefined {
    try {
      const { id, key } = JSON.parse(this.#storage.getItem(storageKey) ?? 'null') as Partial<Session>
      return typeof id === 'string' ? { id, key: secretOf(key) } : undefined
    } catch {
      return undefined
    }
  }
}

/** Takes a link's token out of the address, where it would stay in sight and in the history. */
export function takeToken(): string | undefined {
  if (!hasToken()) return undefined
  const token = location.hash.slice(linkFragment('').length)
  history.replaceState(null, '', location.pathname)
  return token
}

export const hasToken = (): boolean => location.hash.startsWith(linkFragment(''))

/** When another tab signs in. @returns ends it */
export function onSignedIn(then: () => void): () => void {
  const stored = ({ key }: StorageEvent): void => {
    if (key === storageKey) then()
  }
  addEventListener('storage', stored)
  return () => removeEventListener('storage', stored)
}

function secretOf(value: unknown): string {
  if (typeof value === 'string' && secretPattern.test(value)) return value
  throw new Error('not 32 bytes')
}

const text = (it: string) => new TextEncoder().encode(it)
const hex = (it: Uint8Array): string => Array.from(it, byte => byte.toString(16).padStart(2, '0')).join('')
const bytes = (it: string) => Uint8Array.from(it.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
