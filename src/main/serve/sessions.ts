/**
 * Access to the served pages: sign-in links, which work once, and the sessions they open. Both end with this process.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { SessionView } from '../../shared/served'
import { Latest } from '../system/latest'

/** Milliseconds that an unused link, and an idle session, stay valid. */
const linkLife = 60 * 60_000
const sessionIdle = 7 * 24 * 60 * 60_000
/** Maximum number of sessions; beyond it, the one unused for longest ends. */
const mostSessions = 50

/** What a browser stores. */
export interface OpenSession {
  readonly id: string
  /** 32 bytes in hexadecimal. */
  readonly key: string
}

interface Session extends OpenSession {
  readonly since: number
  readonly browser: string
  lastSeen: number
  connections: number
}

export class Sessions {
  /** Expiry times by token digest. Digests, so that the timing of a lookup reveals nothing about a token. */
  readonly #links = new Map<string, number>()
  readonly #sessions = new Map<string, Session>()
  readonly #changes = new Latest(0)
  readonly #ended: (id: string) => void
  readonly #now: () => number

  /** @param ended called with the id of each session that ends, to close its connections */
  constructor(ended: (id: string) => void, now: () => number = Date.now) {
    this.#ended = ended
    this.#now = now
  }

  /** Creates a token for a link. With 256 bits, guessing needs no rate limit. */
  link(): string {
    for (const [key, until] of this.#links) if (until < this.#now()) this.#links.delete(key)
    const token = randomBytes(32).toString('base64url')
    this.#links.set(digest(token), this.#now() + linkLife)
    return token
  }

  /** Redeems a link. @param browser its User-Agent @returns undefined if the link is unknown, used or expired */
  open(token: string, browser: string): OpenSession | undefined {
    const key = digest(token)
    const until = this.#links.get(key)
    this.#links.delete(key)
    if (until === undefined || until < this.#now()) return undefined
    this.#makeRoom()
    const session: Session = {
      id: randomBytes(6).toString('hex'),
      key: randomBytes(32).toString('hex'),
      since: this.#now(),
      lastSeen: this.#now(),
      connections: 0,
      browser: browser.replace(/\p{Cc}/gu, '').slice(0, 200),
    }
    this.#sessions.set(session.id, session)
    this.#changed()
    return session
  }

  /** The session with this id, unless it was idle for too long. The caller must still prove that it has the key. */
  find(id: string): OpenSession | undefined {
    const session = this.#sessions.get(id)
    if (!session || session.connections > 0 || session.lastSeen >= this.#now() - sessionIdle) return session
    this.#end(id)
    return undefined
  }

  /** Counts a session's connections: opened (1) or closed (-1). */
  connected(id: string, by: 1 | -1): void {
    const session = this.#sessions.get(id)
    if (!session) return
    session.connections += by
    session.lastSeen = this.#now()
    this.#changed()
  }

  /** Ends a session and its connections. */
  revoke(id: string): void {
    if (this.#sessions.has(id)) this.#end(id)
  }

  list(): SessionView[] {
    return [...this.#sessions.values()].map(({ id, browser, connections, since, lastSeen }) => ({
      id,
      browser,
      connections,
      since: new Date(since).toISOString(),
      lastSeen: new Date(lastSeen).toISOString(),
    }))
  }

  /** Yields the list now and whenever it changes. */
  async *watch(signal: AbortSignal): AsyncGenerator<SessionView[], void, undefined> {
    for await (const _ of this.#changes.follow(signal)) yield this.list()
  }

  #end(id: string): void {
    this.#sessions.delete(id)
    this.#ended(id)
    this.#changed()
  }

  #changed(): void {
    this.#changes.set(this.#changes.value + 1)
  }

  #makeRoom(): void {
    if (this.#sessions.size < mostSessions) return
    const [oldest] = [...this.#sessions.values()].toSorted(
      (a, b) => Number(a.connections > 0) - Number(b.connections > 0) || a.lastSeen - b.lastSeen,
    )
    if (oldest) this.#end(oldest.id)
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
