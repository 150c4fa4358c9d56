/**
 * A base application with a database of its own schema, and Prisma's command to change it: its server answers with the
 * users that it reads, and ends where the database lacks a column that its code names.
 */
import { cp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withConnection } from '../../src/main/infrastructure/connection'
import { installPrisma, type InstalledPrisma } from './prisma'
import { makeTiny } from './tiny-base'
import { testWorkspace, type TestWorkspace, type WorkspaceOptions } from './workspace'

const index = ({ columns, first = '' }: Version): string => String.raw`
${first}
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Pool } = require('pg')
const env = require('dotenv').parse(readFileSync(join(__dirname, '.env')))
const pool = new Pool({ connectionString: env.DATABASE_URL, max: 2 })
pool.on('error', () => undefined)
require('node:http').createServer(async (request, response) => {
  try {
    const { rows } = await pool.query('SELECT ${columns} FROM users ORDER BY id')
    response.end(JSON.stringify(rows))
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}).listen(Number(env.PORT), '127.0.0.1', () => console.log('listening'))
`

export const head = `
generator client {
  provider   = "prisma-client-js"
  engineType = "client"
}
datasource db {
  provider = "postgresql"
  url      = env("DATABASE_URL")
}
`

/** The code's columns, and the fields that its schema gives a user besides the number. */
export interface Version {
  readonly columns: string
  readonly fields: string
  /** Runs before all else. */
  readonly first?: string
}

export const first: Version = { columns: 'id, name, phone', fields: 'name String\n  phone String?' }

/** Makes it the base application's. */
export async function setVersion({ root }: Pick<TestWorkspace, 'root'>, version: Version): Promise<void> {
  const server = join(root, 'server')
  await writeFile(join(server, 'index.js'), index(version))
  await writeFile(
    join(server, 'prisma/schema.prisma'),
    `${head}model User {\n  id Int @id @default(autoincrement())\n  ${version.fields}\n  @@map("users")\n}\n`,
  )
}

export interface SchemaWorkspace extends TestWorkspace {
  /** In the instance's database, as our administrator. */
  query<Row extends object>(instance: string, sql: string): Promise<Row[]>
}

/** A workspace of it; open, with the infrastructure up. */
export async function schemaWorkspace(
  options: Pick<WorkspaceOptions, 'driver' | 'images'> = {},
): Promise<SchemaWorkspace> {
  const prisma = await installPrisma()
  const workspace = await testWorkspace({ ...options, prepare: root => makeSchemaBase(root, prisma) })
  await workspace.open()
  await workspace.startInfrastructure()
  return Object.assign(Object.create(workspace) as TestWorkspace, {
    query: async <Row extends object>(instance: string, sql: string) =>
      withConnection(
        { ...(await workspace.services.infrastructure.admin()), database: `${instance}_db` },
        async client => {
          await client.query('SET search_path = public')
          return (await client.query<Row>(sql)).rows
        },
      ),
    async remove() {
      await workspace.remove()
      await prisma.remove()
    },
  })
}

export async function makeSchemaBase(root: string, prisma: InstalledPrisma): Promise<void> {
  await makeTiny(root)
  const server = join(root, 'server')
  await cp(join(prisma.server, 'prisma.config.ts'), join(server, 'prisma.config.ts'))
  await rm(join(prisma.server, 'node_modules/@prisma/client'), { recursive: true, force: true }) // it writes its own
  await cp(join(server, 'generate.cjs'), join(server, 'client.cjs'))
  await writeFile(
    join(server, 'generate.cjs'),
    `require('./client.cjs')
    require('node:fs').cpSync('prisma/schema.prisma', 'node_modules/.prisma/client/schema.prisma')`,
  )
  await writeFile(
    join(root, 'instance-manager.json'),
    JSON.stringify({
      server: {
        install: ['cp', '-r', join(prisma.server, 'node_modules'), '.'],
        generate: ['node', 'generate.cjs'],
      },
      client: { install: ['true'], build: ['node', 'make.cjs'] },
      smoke: [{ url: '/' }], // what it serves there isn't its client
    }),
  )
  await setVersion({ root }, first)
}
