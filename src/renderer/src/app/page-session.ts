/**
 * The session of a served page: the page's side of the messages in shared/served.ts. Its key is stored per origin (host
 * and port), so servers on other ports can't read it. All tabs share it. It is worthless once its server has stopped.
 */
import { linkFragment, proofText, secretPattern, type Greeting, type Hello, type Welcome } from '../../../shared/served'

const storageKey = 'session'

interface Session {
  readonly id: string
  readonly key: string
}

export class PageSession {
  /** A sign-in link's token, until it is used. */
  #token: string | undefined
  readonly #storage: Storage

  constructor(storage: Storage, token: string | undefined) {
    this.#storage = storage

    this.#token = token
  }

  /** The server refused the session, or wasn't ours. @returns whether there is something else to try */
  refused(): boolean {
    const retry = this.#token !== undefined && this.#stored() !== undefined
    this.#token = undefined
    return retry
  }

  /**
   * Answers a greeting.
   * @returns the reply, and a check of the server's next message, which rejects unless that server knows the session
   * @throws Error if the greeting isn't ours or there is nothing to sign in with
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

  /** Stores the session that a link opened. */
  #keep(welcome: unknown): Promise<void> {
    const { session, key } = welcome as Partial<Extract<Welcome, { key: string }>>
    if (typeof session !== 'string') return Promise.reject(new Error('the server sent no session'))
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

/** Removes a link's token from the address bar and the history. */
export function takeToken(): string | undefined {
  if (!hasToken()) return undefined
  const token = location.hash.slice(linkFragment('').length)
  history.replaceState(null, '', location.pathname)
  return token
}

export const hasToken = (): boolean => location.hash.startsWith(linkFragment(''))

/** Calls back when another tab signs in. @returns stops listening */
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
