/** Watches something in the world, looking once for all watchers, and only while there are any. */
import { isDeepStrictEqual } from 'node:util'
import { Latest } from './latest'

export interface Looking<T> {
  /** Looks once. If it throws, all watchers get the error and watching ends. */
  look(): Promise<T>
  /** Resolves when another look is due, or at once when the signal is aborted. Never rejects. */
  due(signal: AbortSignal): Promise<void>
  /** Whether a value is worth showing after the last one shown. Default: whether anything in it differs. */
  differs?(shown: T, found: T): boolean
  /** Called when the first watcher comes, with a signal that is aborted when the last one has left. */
  begin?(signal: AbortSignal): void
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/** Lasts from the first watcher to the last, or until an error. */
interface Watch<T> {
  readonly shown: Latest<Outcome<T> | undefined>
  readonly end: AbortController
  /** The pause between looks, cut short by `again` and by the end. */
  pause: AbortController
  watchers: number
}

export class Watched<T> {
  readonly #how: Looking<T>
  readonly #closed: AbortSignal
  #session: Watch<T> | undefined

  /** @param closed ends every watch */
  constructor(how: Looking<T>, closed: AbortSignal) {
    this.#how = how
    this.#closed = closed
  }

  /** Looks again now, if there are watchers. If called during a look, another one follows. */
  again(): void {
    this.#session?.pause.abort()
  }

  /**
   * The latest value, then each one that differs, until the signal is aborted. A slow reader skips values that have
   * been replaced. @throws what `look` threw
   */
  async *watch(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    const session = (this.#session ??= this.#begin())
    session.watchers++
    try {
      for await (const it of session.shown.follow(AbortSignal.any([signal, this.#closed]))) {
        if (!it) continue
        if ('error' in it) throw it.error
        yield it.value
      }
    } finally {
      if (--session.watchers === 0) this.#end(session)
    }
  }

  #begin(): Watch<T> {
    const session: Watch<T> = {
      shown: new Latest<Outcome<T> | undefined>(undefined),
      end: new AbortController(),
      pause: new AbortController(),
      watchers: 0,
    }
    this.#how.begin?.(session.end.signal)
    void this.#run(session).catch((error: unknown) => {
      session.shown.set({ error })
      this.#end(session)
    })
    return session
  }

  /** The next watcher starts a new session. */
  #end(session: Watch<T>): void {
    session.end.abort()
    session.pause.abort()
    if (this.#session === session) this.#session = undefined
  }

  async #run(session: Watch<T>): Promise<void> {
    const { signal } = session.end
    const differs = this.#how.differs ?? ((shown, found) => !isDeepStrictEqual(shown, found))
    let last: { readonly value: T } | undefined
    while (!signal.aborted) {
      session.pause = new AbortController() // before the look: a change during it needs another one
      const value = await this.#how.look()
      if (signal.aborted) return
      if (!last || differs(last.value, value)) session.shown.set((last = { value }))
      await this.#how.due(session.pause.signal)
    }
  }
}
