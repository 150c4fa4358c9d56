/** Who may use the served pages: links that open a session once, and the sessions opened so. Nothing of it is stored. */
import { createHash, randomBytes } from 'node:crypto'
import type { SessionView } from '../../shared/served'
import { Latest } from '../system/latest'

/** Milliseconds: a link is to be opened soon; a session that nobody used for so long has been forgotten in some browser. */
const linkLife = 60 * 60_000
const sessionIdle = 7 * 24 * 60 * 60_000
/** So many browsers at once; the one unused for longest makes room. */
const mostSessions = 50
/** Wrong links within a minute; then links are refused for the rest of it, right ones too. A link has 256 bits: this only keeps the log of failures short. */
const mostFailures = 10

interface Session { readonly id: string; readonly since: number; readonly browser: string; lastSeen: number; connections: number }

export class Sessions {
  readonly #links = new Map<string, number>()
  readonly #sessions = new Map<string, Session>()
  readonly #changes = new Latest(0)
  #failures: number[] = []

  constructor(private readonly now: () => number = Date.now) {}

  /** A new secret for a link. */
  link(): string {
    for (const [key, until] of this.#links) if (until < this.now()) this.#links.delete(key)
    const token = secret()
    this.#links.set(digest(token), this.now() + linkLife)
    return token
  }

  /** Uses up a link. @returns the session's secret; `unknown` if the link is not known, used or too old; `wait` after too many of those */
  exchange(token: string, browser: string): { readonly secret: string } | 'unknown' | 'wait' {
    this.#failures = this.#failures.filter(it => it > this.now() - 60_000)
    if (this.#failures.length >= mostFailures) return 'wait'
    const key = digest(token)
    const until = this.#links.get(key)
    this.#links.delete(key)
    if (until === undefined || until < this.now()) {
      this.#failures.push(this.now())
      return 'unknown'
    }
    this.#makeRoom()
    const cookie = secret()
    this.#sessions.set(digest(cookie), {
      id: randomBytes(6).toString('hex'), since: this.now(), lastSeen: this.now(), connections: 0, browser: browser.replace(/\p{Cc}/gu, '').slice(0, 200),
    })
    this.#changed()
    return { secret: cookie }
  }

  /** The session that a secret opens, seen now. */
  find(cookie: string): { readonly id: string } | undefined {
    const session = this.#sessions.get(digest(cookie))
    if (!session) return undefined
    if (session.connections === 0 && session.lastSeen < this.now() - sessionIdle) {
      this.#sessions.delete(digest(cookie))
      return undefined
    }
    session.lastSeen = this.now()
    return session
  }

  /** A live connection of a session came (1) or went (-1). */
  connected(id: string, by: 1 | -1): void {
    const session = [...this.#sessions.values()].find(it => it.id === id)
    if (!session) return
    session.connections += by
    session.lastSeen = this.now()
    this.#changed()
  }

  /** @returns whether there was one */
  revoke(id: string): boolean {
    const found = [...this.#sessions].find(([, it]) => it.id === id)
    if (found) this.#sessions.delete(found[0])
    this.#changed()
    return found !== undefined
  }

  list(): SessionView[] {
    return [...this.#sessions.values()].map(it => ({ ...it, since: new Date(it.since).toISOString(), lastSeen: new Date(it.lastSeen).toISOString() }))
  }

  /** The list, and again whenever it changes. */
  async *watch(signal: AbortSignal): AsyncGenerator<SessionView[], void, undefined> {
    for await (const _ of this.#changes.follow(signal)) yield this.list()
  }

  #changed(): void { this.#changes.set(this.#changes.value + 1) }

  #makeRoom(): void {
    if (this.#sessions.size < mostSessions) return
    const [oldest] = [...this.#sessions].toSorted(([, a], [, b]) => a.lastSeen - b.lastSeen)
    if (oldest) this.#sessions.delete(oldest[0])
  }
}

const secret = (): string => randomBytes(32).toString('base64url')
/** Only digests are kept and compared: how long a comparison takes tells nothing of a secret. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
