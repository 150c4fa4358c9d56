/** Why a service does not start: the words of its own log, from real ones that are broken on purpose. */
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { ServiceName } from '../../../src/shared/infrastructure'
import { toProblem, type Problem } from '../../../src/shared/problem'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'

let it: TestInfrastructure
afterEach(() => it.dispose())

const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
const failure = async (service: ServiceName): Promise<Problem> =>
  it.infrastructure.start(await it.infrastructure.kind(), service, context).then(() => {
    throw new Error('it started')
  }, toProblem)
const alter = async (sql: string): Promise<void> =>
  withConnection(await it.infrastructure.admin(), async client => {
    await client.query(sql)
  })

describe('the embedded driver', () => {
  const embedded = (): string => join(it.root, '.instance-manager/embedded')

  test('a wrong line in postgresql.conf', async () => {
    it = await testInfrastructure({ driver: 'embedded' })
    await it.up()
    await it.down()
    await appendFile(join(embedded(), 'postgres/postgresql.conf'), 'shared_buffers = much\n')
    const found = await failure('postgres')
    expect(found).toMatchObject({
      code: 'service-failed',
      cause: expect.stringContaining('invalid value for parameter "shared_buffers": "much"') as string,
    })
    expect(found.details).toContain('shared_buffers')
  })

  test('more memory than there is, and what it says only once it writes its own log: a checkpoint that is gone', async () => {
    it = await testInfrastructure({ driver: 'embedded' })
    await it.up()
    await alter("ALTER SYSTEM SET shared_buffers = '4000GB'")
    await it.down()
    expect((await failure('postgres')).cause).toMatch(
      /could not (map|create|resize).* shared memory|Cannot allocate memory/,
    )
    await writeFile(join(embedded(), 'postgres/postgresql.auto.conf'), '')
    const wal = join(embedded(), 'postgres/pg_wal')
    for (const name of (await readdir(wal)).filter(one => /^[0-9A-F]{24}$/.test(one))) await rm(join(wal, name))
    const found = await failure('postgres')
    expect(found).toMatchObject({
      code: 'service-failed',
      cause: expect.stringContaining('PANIC:  could not locate a valid checkpoint record') as string,
    })
    expect(found.details).not.toContain('shared memory') // the words of this start, not of the one before
  })

  test('a wrong line in pgbouncer.ini', async () => {
    it = await testInfrastructure({ driver: 'embedded' })
    await it.up()
    await it.down()
    await it.infrastructure.start('embedded', 'postgres', context)
    await appendFile(join(embedded(), 'pgbouncer/pgbouncer.ini'), 'pool_mode = sometimes\n')
    const found = await failure('pgbouncer')
    expect(found).toMatchObject({ code: 'service-failed', cause: expect.stringContaining('pool_mode') as string })
  })
})

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
describeWhere(missing === undefined, missing ?? '')('a container', () => {
  test('a library that is not there', async () => {
    it = await testInfrastructure({ driver: 'podman', images: 'missing' in podman ? undefined : podman.images })
    await it.up()
    await alter("ALTER SYSTEM SET shared_preload_libraries = 'nowhere'")
    await it.down()
    const found = await failure('postgres')
    expect(found).toMatchObject({
      code: 'service-failed',
      cause: expect.stringContaining('could not access file "nowhere"') as string,
    })
    expect(found.cause).toContain('with code 1.')
    expect(found.details).toContain('FATAL')
  })
})
