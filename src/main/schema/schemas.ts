/** Schema changes of instances' databases, as the jobs use them. */
import type { Agreed, MoveReport, Rehearsal, Rename, SchemaChange } from '../../shared/schema'
import type { Login } from '../infrastructure/connection'
import type { Copies } from './copies'
import { diff, diffs, pull, withScratch, type Prisma } from './diff'
import { applyRenames, forget, forgetUndone, isForward, move, reversed, type Direction } from './move'
import { rehearse, type Proposal } from './rehearse'
import { splitAt } from './script'
import { inTransaction, withSession } from './session'

/** What a rehearsal should find out. */
export interface Question {
  /** Will identify the change in the database. */
  readonly id: string
  /** The schema files of the instance's code, and of the code that it will get. */
  readonly from: string
  readonly to: string
  /** The operator's answers. */
  readonly renames: readonly Rename[]
  readonly fix?: string | undefined
}

export class Schemas {
  readonly #copies: Copies

  constructor(copies: Copies) {
    this.#copies = copies
  }

  /**
   * Rehearses the change from what the database has to what the new code expects, on a copy that is dropped afterwards.
   * The database itself is only read, and stays usable.
   * @param source the login of the role that owns the tables, not through PgBouncer
   * @param token identifies the copy, which nothing else may need in the meantime
   * @param prisma the database in its URL isn't touched
   * @param room refuses if there isn't enough disk space for the copy
   * @throws Problem `schema-copy`, `schema-locked`; those of `Run`, `withSession` and `room`; the signal's reason
   */
  rehearse(
    source: Login,
    token: string,
    prisma: Prisma,
    question: Question,
    room: () => Promise<void>,
  ): Promise<Rehearsal> {
    return this.#copies.use(source, token, { signal: prisma.signal, room }, async copy => {
      const { drift, ...proposal } = await proposalFor(copy, prisma, question)
      return { ...(await withSession(copy, client => rehearse(client, proposal))), drift }
    })
  }

  /**
   * Changes the real database, or a copy. Safe to repeat.
   * @param agreed what it may lose; absent: anything
   * @throws Problem `schema-refused`, `schema-loss`; then nothing was changed
   */
  forward(login: Login, change: SchemaChange, agreed?: readonly Agreed[]): Promise<MoveReport> {
    return this.#move(login, change, 'forward', agreed)
  }

  /** Undoes the change, keeping rows written since. Safe to repeat. @param agreed, @throws as `forward` */
  backward(login: Login, change: SchemaChange, agreed?: readonly Agreed[]): Promise<MoveReport> {
    return this.#move(login, change, 'backward', agreed)
  }

  /** Whether the database says that it has the change. */
  isForward(login: Login, id: string): Promise<boolean> {
    return withSession(login, client => isForward(client, id))
  }

  /** Discards what was kept for changes other than these. */
  forget(login: Login, needed: readonly string[]): Promise<void> {
    return withSession(login, client => inTransaction(client, () => forget(client, needed)))
  }

  /** Discards what was kept for a change that was undone, unless the way back took something from the rows. */
  forgetUndone(login: Login, id: string): Promise<void> {
    return withSession(login, client => inTransaction(client, () => forgetUndone(client, id)))
  }

  #move(
    login: Login,
    change: SchemaChange,
    direction: Direction,
    agreed: readonly Agreed[] | undefined,
  ): Promise<MoveReport> {
    return withSession(login, client => inTransaction(client, () => move(client, change, direction, agreed)))
  }
}

/** A column's rename refers to its table by the name after the change. */
const tablesFirst = (one: Rename, other: Rename): number =>
  Number(one.kind === 'column') - Number(other.kind === 'column')

/**
 * The SQL, written for the database as it is, which needn't have the schema of the instance's code. Prisma reads the
 * copy while the renames are applied to it.
 */
async function proposalFor(
  copy: Login,
  { url: of, ...prisma }: Prisma,
  { id, from, to, fix, ...question }: Question,
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
    return { id, renames, ...(fix !== undefined && { fix }), ...scripts, drift }
  })
}
