/** Changes of instances' schemas, as the jobs use them. */
import type { MoveReport, Rehearsal, Rename, SchemaChange } from '../../shared/schema'
import type { Login } from '../infrastructure/connection'
import type { Copies } from './copies'
import { diff, diffs, pull, withScratch, type Prisma } from './diff'
import { applyRenames, forget, isForward, move, reversed, type Direction } from './move'
import { rehearse, type Proposal } from './rehearse'
import { splitAt } from './script'
import { inTransaction, withSession } from './session'

/** What is to be found out. */
export interface Question {
  /** Will name the change in the database. */
  readonly id: string
  /** The schema files of the code that the instance has, and of the code that it is to get. */
  readonly from: string
  readonly to: string
  /** The operator's answers. */
  readonly renames: readonly Rename[]
  readonly mend?: string | undefined
}

export class Schemas {
  readonly #copies: Copies

  constructor(copies: Copies) {
    this.#copies = copies
  }

  /**
   * Rehearses the change from what the database has to what the new code wants, on a copy, which is dropped afterwards.
   * The database is only read, and stays usable.
   * @param source the login of the role that owns the tables, not through PgBouncer
   * @param token names the copy; it must not be needed meanwhile
   * @param prisma its URL's database is left alone
   * @throws Problem `schema-copy`, `schema-locked`; those of `Run` and `withSession`; the signal's reason
   */
  async rehearse(source: Login, token: string, prisma: Prisma, question: Question): Promise<Rehearsal> {
    const copy = await this.#copies.make(source, token, prisma.signal)
    // a statement in PostgreSQL knows nothing of the signal, and ends with its database
    const stop = (): void => void this.#copies.drop(token).catch(() => undefined)
    prisma.signal.addEventListener('abort', stop, { once: true })
    try {
      const { drift, ...proposal } = await proposalFor(copy, prisma, question)
      return { ...(await withSession(copy, client => rehearse(client, proposal))), drift }
    } catch (error) {
      prisma.signal.throwIfAborted()
      throw error
    } finally {
      prisma.signal.removeEventListener('abort', stop)
      await this.#copies.drop(token)
    }
  }

  /** Changes the real database, or a copy. Safe to repeat. @throws Problem `schema-refused`; then nothing was changed */
  forward(login: Login, change: SchemaChange): Promise<MoveReport> {
    return this.#move(login, change, 'forward')
  }

  /** Takes it back, with rows written since. Safe to repeat. @throws as `forward` */
  backward(login: Login, change: SchemaChange): Promise<MoveReport> {
    return this.#move(login, change, 'backward')
  }

  /** Whether the database has the change, by its own account. */
  isForward(login: Login, id: string): Promise<boolean> {
    return withSession(login, client => isForward(client, id))
  }

  /** Lets go of what was kept for other changes than these. */
  forget(login: Login, needed: readonly string[]): Promise<void> {
    return withSession(login, client => inTransaction(client, () => forget(client, needed)))
  }

  #move(login: Login, change: SchemaChange, direction: Direction): Promise<MoveReport> {
    return withSession(login, client => inTransaction(client, () => move(client, change, direction)))
  }
}

/** A column's rename has its table's name after the change. */
const tablesFirst = (one: Rename, other: Rename): number =>
  Number(one.kind === 'column') - Number(other.kind === 'column')

/**
 * The SQL, written for the database as it is: its schema need not be the one of the instance's code. Prisma looks at
 * the copy while the renames are done in it.
 */
async function proposalFor(
  copy: Login,
  { url: of, ...prisma }: Prisma,
  { id, from, to, mend, ...question }: Question,
): Promise<Proposal & Pick<Rehearsal, 'drift'>> {
  const renames = question.renames.toSorted(tablesFirst)
  const url = new URL(of)
  url.pathname = `/${copy.database}`
  const there = { ...prisma, url: url.href }
  const renameAll = (all: readonly Rename[]): Promise<void> =>
    withSession(copy, client => inTransaction(client, () => applyRenames(client, all)))
  return await withScratch(there, { from, to }, async files => {
    await pull(there, files.database)
    const drift = splitAt(await diff(there, files.database, files.from), ';')
    if (renames.length > 0) {
      await renameAll(renames)
      await pull(there, files.database)
      await renameAll(reversed(renames))
    }
    const scripts = await diffs(there, files.database, files.to)
    return { id, renames, ...(mend !== undefined && { mend }), ...scripts, drift }
  })
}
