/** The schema made by the release's SQL is the one that Prisma pushes. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withConnection } from '../../src/main/infrastructure/connection'
import type { OperationState } from '../../src/shared/operation'
import { testWorkspace, type TestWorkspace } from '../support/workspace'

let workspace: TestWorkspace
let first: OperationState

beforeAll(async () => {
  workspace = await testWorkspace({ prepared: 'sample' })
  await workspace.open()
  await workspace.startInfrastructure()
  first = await workspace.create({ name: 'first' })
})
afterAll(() => workspace?.remove())

const fingerprint = (): string => (first.plan as { fingerprint: string }).fingerprint
const schemaFile = (): string => join(workspace.services.paths.releases, fingerprint(), 'schema.sql')
const pushOutput = ({ id }: OperationState): string =>
  workspace.services.operations
    .output(id)
    .filter(it => it.step === 'push-schema')
    .map(it => it.chunk)
    .join('')

describe('push-schema', () => {
  it('makes what prisma db push makes, for the first instance of a release and the next', async () => {
    const second = await workspace.create({ name: 'second' })
    expect([first.phase, second.phase]).toEqual(['succeeded', 'succeeded'])
    expect(pushOutput(first) + pushOutput(second)).toBe('') // nothing was pushed
    await pushed()
    const expected = await schemaOf('pushed')
    expect(expected.length).toBeGreaterThan(40)
    expect(await schemaOf('first')).toEqual(expected)
    expect(await schemaOf('second')).toEqual(expected)
  })

  it('finds nothing to change when Prisma looks', async () => {
    const { stdout } = await prisma('second', await urlOf('second'), ['db', 'push', '--skip-generate'])
    expect(stdout).toContain('already in sync')
  })

  it('pushes when the SQL cannot be used', async () => {
    const sql = await readFile(schemaFile(), 'utf8')
    await writeFile(schemaFile(), `${sql}\nCREATE TABLE users (twice int);`)
    try {
      const third = await workspace.create({ name: 'third' })
      expect(third.phase).toBe('succeeded')
      expect(pushOutput(third)).toContain('in sync')
      expect(await schemaOf('third')).toEqual(await schemaOf('first'))
    } finally {
      await writeFile(schemaFile(), sql)
    }
  })
})

const urlOf = async (name: string): Promise<string> =>
  (
    JSON.parse(await readFile(join(workspace.services.paths.instances, name, 'db-config.json'), 'utf8')) as {
      directUrl: string
    }
  ).directUrl

const prisma = (name: string, url: string, args: readonly string[]) =>
  execa('npx', ['prisma', ...args], {
    cwd: join(workspace.services.paths.instances, name, 'server'),
    env: { DATABASE_URL: url, DIRECT_URL: url },
    input: '',
  })

/** A database as creation makes it, with the schema that the guide's command gives it. */
async function pushed(): Promise<void> {
  await workspace.sql(`CREATE ROLE pushed_user LOGIN PASSWORD 'pushed'`)
  await workspace.sql('CREATE DATABASE pushed_db OWNER pushed_user TEMPLATE instance_manager_template')
  const { port } = await workspace.services.infrastructure.admin()
  await prisma('first', `postgresql://pushed_user:pushed@127.0.0.1:${port}/pushed_db`, [
    'db',
    'push',
    '--skip-generate',
    '--accept-data-loss',
  ])
}

/** All that PostgreSQL knows of the schema `public`, one fact a line; the owner's name is that of the instance. */
async function schemaOf(name: string): Promise<string[]> {
  const admin = await workspace.services.infrastructure.admin()
  const { rows } = await withConnection({ ...admin, database: `${name}_db` }, client =>
    client.query<{ fact: string }>(`
    SELECT fact FROM (
      SELECT format('relation %s %s owner %s acl %s persistence %s comment %s', relkind, relname, pg_get_userbyid(relowner), relacl, relpersistence, obj_description(oid, 'pg_class')) AS fact
        FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('column %s.%s at %s is %s not null %s default %s identity %s collation %s', attrelid::regclass, attname, attnum,
          format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attcollation::regcollation)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM pg_index JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('constraint %s on %s: %s', conname, conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('enum %s owner %s: %s at %s', typname, pg_get_userbyid(typowner), enumlabel, row_number() OVER (PARTITION BY typname ORDER BY enumsortorder))
        FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid WHERE typnamespace = 'public'::regnamespace
      UNION ALL
      SELECT format('sequence %s of %s.%s', objid::regclass, refobjid::regclass, refobjsubid) FROM pg_depend WHERE deptype = 'a' AND classid = 'pg_class'::regclass
        AND objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')
      UNION ALL
      SELECT format('schema %s owner %s acl %s', nspname, pg_get_userbyid(nspowner), nspacl) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
      UNION ALL
      SELECT format('extension %s', extname) FROM pg_extension
    ) AS facts ORDER BY fact`),
  )
  return rows.map(it => it.fact.replaceAll(`${name}_user`, 'OWNER'))
}
