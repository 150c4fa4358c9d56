/** Changes of instances' schemas, as the jobs use them. */
import type { MoveReport, Rehearsal, Rename, SchemaChange } from '../../shared/schema'
import type { Login } from '../infrastructure/connection'
import type { Copies } from './copies'
import { diffFromDatabase, schemaDiff, type Prisma } from './diff'
import { applyRenames, forget, isForward, move, reversed, type Direction } from './move'
import { rehearse, type Proposal } from './rehearse'
import { inTransaction, withSession } from './session'

/** What is to be found out. */
export interface Question {
  /** Will name the change in the database. */
  readonly id: string
  /** Prisma's schema files: what the database has, and what it is to get. */
  readonly from: string
  readonly to: string
  /** The operator's answers; tables first. */
  readonly renames: readonly Rename[]
  readonly mend?: string
}

export class Schemas {
  readonly #copies: Copies

  constructor(copies: Copies) {
    this.#copies = copies
  }

  /**
   * Rehearses a change on a copy, which is dropped afterwards. The database is only read, and stays usable.
   * @param source the login of the role that owns the tables, not through PgBouncer
   * @param token names the operation; its copy must not be needed meanwhile
   * @throws Problem `schema-copy`, `schema-locked`; those of `Run` and `withSession`
   */
  async rehearse(source: Login, token: string, prisma: Prisma, question: Question): Promise<Rehearsal> {
    const { id, from, to, renames, mend } = question
    const rest = { id, renames, ...(mend !== undefined && { mend }) }
    const plain = renames.length === 0 ? { ...rest, ...(await schemaDiff(prisma, from, to)) } : undefined
    const copy = await this.#copies.make(source, token, prisma.signal)
    try {
      const proposal = plain ?? { ...rest, ...(await diffRenamed(copy, prisma, question)) }
      return await withSession(copy, client => rehearse(client, proposal))
    } finally {
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

/** Prisma looks at the copy while the renames are done in it. */
async function diffRenamed(
  copy: Login,
  prisma: Prisma,
  { renames, from, to }: Question,
): Promise<Pick<Proposal, 'forward' | 'backward'>> {
  const url = new URL(prisma.url)
  url.pathname = `/${copy.database}`
  await withSession(copy, client => inTransaction(client, () => applyRenames(client, renames)))
  const scripts = await diffFromDatabase({ ...prisma, url: url.href }, from, to)
  await withSession(copy, client => inTransaction(client, () => applyRenames(client, reversed(renames))))
  return scripts
}
