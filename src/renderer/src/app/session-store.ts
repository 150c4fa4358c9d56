/**
 * Where a browser keeps the session of these pages: per origin (host and port), so servers on other ports can't read it.
 * All tabs share it. Its key can be used but not read, not even by whoever serves pages at this origin later.
 */
import type { KeptSession, SessionStore } from './page-session'

const name = 'session'

/** Without a database, as in some private windows, the session lasts until the page is reloaded. */
export function sessionStore(): SessionStore {
  let own: KeptSession | undefined
  return {
    async read() {
      const kept = await transact('readonly', store => store.get(name) as IDBRequest<unknown>).catch(() => undefined)
      return isSession(kept) ? kept : own
    },
    async write(session) {
      own = session
      await transact('readwrite', store => store.put(session, name)).catch(() => undefined)
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has only this origin
      new BroadcastChannel(name).postMessage('signed in')
    },
  }
}

/** Calls back when another tab signs in. @returns stops listening */
export function onSignedIn(then: () => void): () => void {
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', then)
  return () => channel.close()
}

/** Someone else may have served pages at this origin, and left anything. */
const isSession = (value: unknown): value is KeptSession =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<KeptSession>).id === 'string' &&
  (value as Partial<KeptSession>).key instanceof CryptoKey

async function transact<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(name)
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(name))
  const database = await settled(opening)
  try {
    return await settled(ask(database.transaction(name, mode).objectStore(name)))
  } finally {
    database.close()
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, fail) => {
    request.addEventListener('success', () => done(request.result))
    request.addEventListener('error', () => fail(request.error ?? new Error('the browser gave no reason')))
  })
