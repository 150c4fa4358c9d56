/** A PostgreSQL with a school's database, of which each test gets one of its own. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, escapeIdentifier as id } from 'pg'
import { type Login, withConnection } from '../../../src/main/infrastructure/connection'
import { baseEnvironment } from '../../../src/main/system/environment'
import { factsOf, readCatalogue, type Catalogue } from '../../../src/main/schema/catalogue'
import { Copies } from '../../../src/main/schema/copies'
import { readSequences } from '../../../src/main/schema/kept'
import { diffs, pull, type Prisma } from '../../../src/main/schema/diff'
import { applyRenames } from '../../../src/main/schema/move'
import { rehearse, type Proposal, type Rehearsed } from '../../../src/main/schema/rehearse'
import { inTransaction, withSession } from '../../../src/main/schema/session'
import { testInfrastructure, type TestInfrastructure, type TestOptions } from '../../support/infrastructure'
import { installPrisma, type InstalledPrisma } from '../../support/prisma'
import { base, seed, type Change } from './changes'

export interface School {
  readonly infrastructure: TestInfrastructure
  readonly copies: Copies
  readonly login: Login
  readonly prisma: InstalledPrisma
  /** As Prisma is called for a database of the role's. */
  prismaFor(login: Login): Prisma
  /** @returns the schema file's path */
  schema(name: string, text: string): Promise<string>
  /** Waits for it before anything is removed; Prisma is stopped. */
  ends(work: Promise<unknown>): void
  /** A database of its own, like all others; dropped with the server. */
  database(name: string): Promise<Login>
  remove(): Promise<void>
}

const password = 'a role’s password'

export async function makeSchool(options: TestOptions = { driver: 'embedded' }): Promise<School> {
  const [infrastructure, prisma] = await Promise.all([testInfrastructure(options), installPrisma()])
  await infrastructure.up()
  const admin = await infrastructure.infrastructure.admin()
  const asAdmin = (sql: string): Promise<unknown> => withConnection(admin, client => client.query(sql))
  const database = async (name: string, template: string): Promise<Login> => {
    await asAdmin(`CREATE DATABASE ${id(name)} OWNER school_user TEMPLATE ${template}`)
    await asAdmin(`REVOKE CONNECT, TEMPORARY ON DATABASE ${id(name)} FROM PUBLIC`)
    return { ...admin, user: 'school_user', password, database: name }
  }
  // what is tested here isn't whether the disk keeps it
  await asAdmin('ALTER SYSTEM SET fsync = off')
  await asAdmin('SELECT pg_reload_conf()')
  await asAdmin(`CREATE ROLE school_user LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '${password}'`)
  const login = await database('school_db', 'instance_manager_template')
  const stop = new AbortController()
  const running = new Set<Promise<unknown>>()
  const school: School = {
    infrastructure,
    prisma,
    login,
    copies: new Copies(() => Promise.resolve(admin), 'a workspace'),
    prismaFor: ({ database: of }) => ({
      run: prisma.run,
      server: prisma.server,
      url: `postgresql://school_user:${encodeURIComponent(password)}@127.0.0.1:${infrastructure.settings.ports.postgres}/${encodeURIComponent(of)}`,
      secrets: [password],
      signal: stop.signal,
    }),
    ends(work) {
      running.add(work)
    },
    async schema(name, text) {
      const path = join(prisma.server, `${name.replaceAll(/\W/g, '-')}.prisma`)
      await writeFile(path, text)
      return path
    },
    database: name => database(name.replaceAll(/\W+/g, '_'), 'school_db'),
    async remove() {
      stop.abort()
      await Promise.allSettled(running)
      await infrastructure.dispose()
      await prisma.remove()
    },
  }
  const { run, server, url } = school.prismaFor(login)
  const args = [
    'migrate',
    'diff',
    '--from-empty',
    '--to-schema-datamodel',
    await school.schema('base', base),
    '--script',
  ]
  const sql = await run(join(server, 'node_modules/.bin/prisma'), args, {
    cwd: server,
    timeout: 60_000,
    env: { ...baseEnvironment(), DATABASE_URL: url, DIRECT_URL: url },
  })
  await withSession(login, async client => {
    await client.query(sql)
    await client.query(seed)
  })
  return school
}

/** Prisma takes seconds for each change: two are made at a time, while tests run. */
export function proposals(school: School, changes: readonly Change[]): (name: string) => Promise<Proposal> {
  const made = new Map<string, Promise<Proposal>>()
  // of a copy: PostgreSQL makes none of a database that someone is connected to
  const pulled = school.database('pulled').then(login => pulledFrom(school, login, 'pulled'))
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()]
  for (const [index, it] of changes.entries()) {
    const proposal = (lanes[index % 2] ?? Promise.resolve()).then(async () => proposalOf(school, it, await pulled))
    lanes[index % 2] = proposal.catch(() => undefined)
    made.set(it.name, proposal)
    school.ends(proposal)
  }
  return name => made.get(name) ?? Promise.reject(new Error(`no ${name}`))
}

/** The schema file of a database, as Prisma sees that. */
async function pulledFrom(school: School, login: Login, name: string): Promise<string> {
  const file = await school.schema(name, base)
  await pull(school.prismaFor(login), file)
  return file
}

/** As the rebuild asks for it: from what the database has, with the renames done. */
async function proposalOf(
  school: School,
  { name, replace, renames = [], fix }: Change,
  pulled: string,
): Promise<Proposal> {
  const text = replace.reduce((it, [from, to]) => {
    if (!it.includes(from)) throw new Error(`${name}: no ${from}`)
    return it.replace(from, to)
  }, base)
  const to = await school.schema(name, text)
  const rest = { id: 'change-1', renames, ...(fix !== undefined && { fix }) }
  if (renames.length === 0) return { ...rest, ...(await diffs(school.prismaFor(school.login), pulled, to)) }
  const login = await school.database(`renamed ${name}`)
  await withSession(login, client => inTransaction(client, () => applyRenames(client, renames)))
  return { ...rest, ...(await diffs(school.prismaFor(login), await pulledFrom(school, login, `${name} renamed`), to)) }
}

export async function rehearsed(school: School, login: Login, proposal: Proposal): Promise<Rehearsed> {
  const token = `rehearsal in ${login.database}`
  const copy = await school.copies.make(login, token, new AbortController().signal)
  try {
    return await withSession(copy, client => rehearse(client, proposal))
  } finally {
    await school.copies.drop(token)
  }
}

interface Dump {
  readonly facts: readonly string[]
  readonly rows: Rows
  /** The last number of each. */
  readonly sequences: Readonly<Record<string, string>>
}

export const dump = (login: Login): Promise<Dump> =>
  withSession(login, async client => ({
    facts: factsOf(await readCatalogue(client)),
    rows: await allRows(client),
    sequences: await readSequences(client),
  }))

export type Rows = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string | null>>>>>>

/** All rows by table and key, values as text. */
export async function allRows(client: Client): Promise<Rows> {
  const result: Record<string, Record<string, Record<string, string | null>>> = {}
  for (const { name, columns, key } of (await readCatalogue(client)).tables) {
    const { rows } = await client.query<Record<string, string | null>>(
      `SELECT ${columns.map(it => `${id(it.name)}::text`).join(', ')} FROM ${id(name)}`,
    )
    result[name] = Object.fromEntries(rows.map(row => [key.map(it => row[it]).join(), row]))
  }
  return result
}

export function mapRows(
  all: Rows,
  value: (value: string | null, path: readonly [table: string, key: string, column: string]) => string | null,
): Rows {
  const map = <From, To>(
    of: Readonly<Record<string, From>>,
    change: (it: From, name: string) => To,
  ): Record<string, To> => Object.fromEntries(Object.entries(of).map(([name, it]) => [name, change(it, name)]))
  return map(all, (rows, table) => map(rows, (row, key) => map(row, (it, column) => value(it, [table, key, column]))))
}

/** What users do after the change, whatever the schema: 30 rows added, 10 changed, 6 deleted. */
export async function writeLater(client: Client): Promise<void> {
  const catalogue = await readCatalogue(client)
  for (let n = 1; n <= 10; n++) await insert(client, catalogue, 'users', n)
  for (let n = 1; n <= 20; n++) await insert(client, catalogue, 'samples', n)
  await client.query(`UPDATE samples SET name = name || '!' WHERE id BETWEEN 11 AND 20`)
  for (const it of ['badges', 'awards']) {
    const found = catalogue.tables.find(({ name }) => name === it)
    if (found) await client.query(`DELETE FROM ${id(it)} WHERE "userId" BETWEEN 41 AND 43`)
  }
  await client.query('DELETE FROM users WHERE id BETWEEN 41 AND 43')
  await client.query('DELETE FROM samples WHERE id BETWEEN 1 AND 3')
}

/** Values by the columns' names, so that they are the same in every schema. */
async function insert(client: Client, { tables, enums }: Catalogue, name: string, n: number): Promise<void> {
  const columns = tables.find(it => it.name === name)?.columns.filter(it => it.default === null && it.required) ?? []
  const values = columns.map(it => {
    if (it.name.endsWith('Id')) return n
    if (it.enum) return enums.find(({ name: one }) => one === it.enum)?.labels[0]
    if (it.category === 'N') return n
    if (it.category === 'D') return '2026-01-02'
    return it.name === 'age' ? String(n) : `new ${n}`
  })
  await client.query(
    `INSERT INTO ${id(name)} (${columns.map(it => id(it.name)).join(', ')}) VALUES (${values.map((_, it) => `$${it + 1}`).join(', ')})`,
    values,
  )
}
