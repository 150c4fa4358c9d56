/** Embedded services that an earlier version started: over TCP only, until they are started again. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { generatePassword } from '../../../src/shared/password'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'

let it: TestInfrastructure
const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
const school = { database: 'school_db', role: 'school_user', password: generatePassword(), token: 'school' }
const later = { ...school, database: 'later_db', role: 'later_user', token: 'later' }
const pooled = ({ role: user, password, database } = school): Promise<unknown> =>
  withConnection(
    { port: it.settings.ports.pgbouncer, user, password, database },
    async client => (await client.query('SELECT current_user AS who')).rows,
  )

beforeAll(async () => {
  it = await testInfrastructure({ driver: 'embedded' })
  await it.up()
  await it.databases.create(school)
  await it.down()
  const embedded = join(it.root, '.instance-manager', 'embedded')
  const edit = async (file: string, how: (text: string) => string): Promise<void> => {
    const [path, text] = [join(embedded, file), await readFile(join(embedded, file), 'utf8')]
    expect(how(text)).not.toBe(text)
    await writeFile(path, how(text))
  }
  await edit('postgres/postgresql.conf', text =>
    text.replace(/unix_socket_directories = .*/, "unix_socket_directories = ''"),
  )
  await edit(
    'postgres/pg_hba.conf',
    () => 'host all postgres all reject\nhost replication all all reject\nhost all all 127.0.0.1/32 scram-sha-256\n',
  )
  await edit('pgbouncer/pgbouncer.ini', text =>
    text
      .replace(/\* = host=.*/, `* = host=127.0.0.1 port=${it.settings.ports.postgres}`)
      .replace(/unix_socket_dir = .*/, 'unix_socket_dir = '),
  )
  await it.infrastructure.start('embedded', 'postgres', context) // `start` writes no configuration
  await it.infrastructure.start('embedded', 'pgbouncer', context)
})
afterAll(() => it.dispose())

test('they are used as they are, with a word on it, also through an `infra up`', async () => {
  for (const again of [false, true]) {
    if (again) await it.up()
    expect(await it.infrastructure.admin()).not.toHaveProperty('sockets')
    expect(await it.infrastructure.status()).toMatchObject({
      postgres: { state: 'running' },
      pgbouncer: { state: 'running' },
      warnings: [{ code: 'restart-to-secure' }],
    })
    await it.databases.create(again ? later : school)
    expect(await pooled(again ? later : school)).toEqual([{ who: (again ? later : school).role }])
  }
})

test('PostgreSQL alone is started again: the old PgBouncer finds it', async () => {
  await it.infrastructure.stop('embedded', 'postgres', context)
  await it.infrastructure.provision('embedded', 'postgres', context)
  await it.infrastructure.start('embedded', 'postgres', context)
  expect(await it.infrastructure.admin()).toHaveProperty('sockets')
  await expect.poll(() => pooled().catch(String)).toEqual([{ who: school.role }])
})

test('started again, both have their sockets, and the word is gone', async () => {
  await it.down()
  await it.up()
  expect(await it.infrastructure.server('pgbouncer')).toHaveProperty('sockets')
  expect((await it.infrastructure.status()).warnings).toEqual([])
  expect(await pooled(later)).toEqual([{ who: later.role }])
})
