/** The session of a served page: the page's side of the messages in shared/served.ts, and its sign-in links. */
import { linkFragment, proofText, secretPattern, type Greeting, type Hello, type Welcome } from '../../../shared/served'

export interface KeptSession {
  readonly id: string
  /** Signs and verifies; it can’t be read. */
  readonly key: CryptoKey
}

export interface SessionStore {
  read(): Promise<KeptSession | undefined>
  write(session: KeptSession): Promise<void>
}

export class PageSession {
  /** A sign-in link's token, until it is used. */
  #token: string | undefined
  readonly #store: SessionStore
  #installed: boolean | undefined

  constructor(store: SessionStore, token: string | undefined) {
    this.#store = store
    this.#token = token
  }

  /** Whether Instance Manager is installed there, according to whoever is listening; absent if they don’t say. */
  get installed(): boolean | undefined {
    return this.#installed
  }

  /** The server refused the session, or wasn't ours. @returns whether to try again, without the link */
  refused(): boolean {
    const retry = this.#token !== undefined
    this.#token = undefined
    return retry
  }

  /**
   * Answers a greeting.
   * @returns the reply, and a check of the server's next message, which rejects unless that server knows the session
   * @throws Error if the greeting isn't ours or there is nothing to sign in with
   */
  async signIn(greeting: unknown): Promise<{ readonly hello: Hello; check(welcome: unknown): Promise<void> }> {
    const { nonce: serverNonce, installed } = greetingOf(greeting)
    this.#installed = installed
    const token = this.#token
    if (token !== undefined) return { hello: { token }, check: welcome => this.#keep(welcome) }
    const kept = await this.#store.read()
    if (!kept) throw new Error('there is no session')
    const { id, key } = kept
    const nonce = hex(crypto.getRandomValues(new Uint8Array(32)))
    const proof = hex(
      new Uint8Array(await crypto.subtle.sign('HMAC', key, text(proofText('page', serverNonce, nonce)))),
    )
    return {
      hello: { session: id, nonce, proof },
      async check(welcome) {
        const theirs = secretOf((welcome as { proof?: unknown } | null)?.proof)
        if (!(await crypto.subtle.verify('HMAC', key, bytes(theirs), text(proofText('server', serverNonce, nonce)))))
          throw new Error('this is another server')
      },
    }
  }

  /** Keeps the session that a link opened. */
  async #keep(welcome: unknown): Promise<void> {
    const { session, key } = welcome as Partial<Extract<Welcome, { key: string }>>
    if (typeof session !== 'string') throw new Error('the server sent no session')
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const kept = await crypto.subtle.importKey('raw', bytes(secretOf(key)), hmac, false, ['sign', 'verify'])
    await this.#store.write({ id: session, key: kept })
    this.#token = undefined
  }
}

const placeKey = 'place'

/** Call it when a link replaces the screen in this tab. @param hash the screen’s */
export const rememberPlace = (hash: string): void => sessionStorage.setItem(placeKey, hash)

/** Replaces a link's token in the address bar and the history by the screen that was shown before, if there was one. */
export function takeToken(): string | undefined {
  if (!hasToken()) return undefined
  const token = location.hash.slice(linkFragment('').length)
  history.replaceState(null, '', location.pathname + (sessionStorage.getItem(placeKey) ?? ''))
  sessionStorage.removeItem(placeKey)
  return token
}

export const hasToken = (): boolean => location.hash.startsWith(linkFragment(''))

/**
 * What a pasted text opens: a session of the server at `origin`, or one of another server, whose token this one mustn’t
 * get: it may be someone else’s by now. @returns undefined if it isn’t a link
 */
export function linkIn(
  text: string,
  origin: string,
): { readonly fragment: string } | { readonly elsewhere: string } | undefined {
  if (!URL.canParse(text.trim())) return undefined
  const { protocol, href, hash, origin: its } = new URL(text.trim())
  if (!/^https?:$/.test(protocol) || !hash.startsWith(linkFragment(''))) return undefined
  return its === origin ? { fragment: hash } : { elsewhere: href }
}

function greetingOf(value: unknown): Greeting {
  const { nonce, installed } = (value ?? {}) as Partial<Greeting>
  return { nonce: secretOf(nonce), installed: typeof installed === 'boolean' ? installed : undefined }
}

function secretOf(value: unknown): string {
  if (typeof value === 'string' && secretPattern.test(value)) return value
  throw new Error('not 32 bytes')
}

const text = (it: string) => new TextEncoder().encode(it)
const hex = (it: Uint8Array): string => Array.from(it, byte => byte.toString(16).padStart(2, '0')).join('')
const bytes = (it: string) => Uint8Array.from(it.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
