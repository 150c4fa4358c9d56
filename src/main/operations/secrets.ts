/** Secrets that operations' steps need and no journal may contain. Stored under the operation's id until it settles. */
import { z } from 'zod'
import { isOpen, type OperationState } from '../../shared/operation'
import { problem } from '../../shared/problem'

/** Where secrets are stored. */
export interface KeyStore {
  get(key: string): Promise<string | undefined>
  /** Stores all or none; durable when it returns. */
  setAll(secrets: Readonly<Record<string, string>>): Promise<void>
  forget(...keys: readonly string[]): Promise<void>
  keys(): Promise<readonly string[]>
}

type Owner = Pick<OperationState, 'id' | 'plan'>

/**
 * Milliseconds that a secret waits to be seen. An operator who hasn't looked by then doesn't need it from us, and it
 * shouldn't stay on disk forever.
 */
const waitsAtMost = 24 * 3_600_000

export class OperationSecrets {
  readonly #store: KeyStore

  constructor(store: KeyStore) {
    this.#store = store
  }

  async keep(id: string, secrets: Readonly<Record<string, string>>): Promise<void> {
    const entries = Object.entries(secrets).map(([name, value]) => [`${prefix}${id}:${name}`, value])
    if (entries.length > 0) await this.#store.setAll(Object.fromEntries(entries) as Record<string, string>)
  }

  /** @throws Problem `secret-missing` */
  async get(owner: Owner, name: string): Promise<string> {
    const value = await this.#find(owner, name)
    if (value !== undefined) return value
    throw problem({
      code: 'secret-missing',
      message: 'A secret that this operation needs is missing.',
      cause: `secrets.json has no “${name}” for operation ${owner.id}.`,
      hint: 'Roll the operation back and start over.',
    })
  }

  /** Forgets an operation's secrets. @param but the name of one to keep */
  async forget(owner: Owner, but?: string): Promise<void> {
    const keys = (await this.#store.keys()).filter(it =>
      prefixesOf(owner).some(own => it.startsWith(own) && it !== `${own}${but}`),
    )
    if (keys.length > 0) await this.#store.forget(...keys)
  }

  /** Returns a secret and forgets it. Undefined if there is none. */
  async take(owner: Owner, name: string): Promise<string | undefined> {
    const value = await this.#find(owner, name)
    if (value !== undefined) await this.forget(owner)
    return value
  }

  /** Those of these successes whose secret nobody has taken yet. @param shows as for `tidy` */
  async untaken(
    successes: readonly OperationState[],
    shows: (kind: string) => string | undefined,
  ): Promise<readonly string[]> {
    const keys = new Set(await this.#store.keys())
    return successes.filter(it => prefixesOf(it).some(own => keys.has(`${own}${shows(it.kind)}`))).map(it => it.id)
  }

  /**
   * Forgets secrets whose operations were never opened or have settled.
   * @param known all operations that are open, and settled ones; asked once it is clear which secrets there are, so
   * none of a later operation is forgotten; undefined: nothing is to be forgotten now
   * @param shows by kind, the secret that is kept after a success until it is taken, for a day
   * @param now in milliseconds
   */
  async tidy(
    known: () => readonly OperationState[] | undefined,
    shows: (kind: string) => string | undefined,
    now: number,
  ): Promise<void> {
    const all = (await this.#store.keys()).filter(it => it.startsWith(prefix) || it.startsWith(oldPrefix))
    const kept = known()?.flatMap(it => {
      if (isOpen(it)) return prefixesOf(it)
      const shown = shows(it.kind)
      const isRecent = it.phase === 'succeeded' && now - Date.parse(it.settledAt ?? '') < waitsAtMost
      return isRecent && shown !== undefined ? prefixesOf(it).map(own => own + shown) : []
    })
    if (!kept) return
    const orphans = all.filter(it => !kept.some(own => it.startsWith(own)))
    if (orphans.length > 0) await this.#store.forget(...orphans)
  }

  async #find(owner: Owner, name: string): Promise<string | undefined> {
    for (const own of prefixesOf(owner)) {
      const value = await this.#store.get(own + name)
      if (value !== undefined) return value
    }
    return undefined
  }
}

const prefix = 'operation:'
/** In 0.1 only creations had secrets, stored under their plan's token. */
const oldPrefix = 'create:'
const oldPlan = z.looseObject({ token: z.string() })

function prefixesOf({ id, plan }: Owner): string[] {
  const token = oldPlan.safeParse(plan).data?.token
  return [`${prefix}${id}:`, ...(token === undefined ? [] : [`${oldPrefix}${token}:`])]
}
