import { spawn } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { EmbeddedDriver } from '../../../src/main/infrastructure/drivers/embedded-driver'
import { requirePrograms } from '../../../src/main/infrastructure/programs'
import { allServices } from '../../../src/main/infrastructure/services'
import { postgres } from '../../../src/main/infrastructure/services/postgres'
import type { Run } from '../../../src/main/system/run'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { infrastructureSuite } from './suite'

const folderOf = (it: TestInfrastructure, service: 'postgres' | 'pgbouncer'): string =>
  join(it.root, '.instance-manager', 'embedded', service)

/** kill -9 of the service's own processes; returns when they are gone. */
async function kill(it: TestInfrastructure, service: 'postgres' | 'pgbouncer'): Promise<void> {
  const folder = folderOf(it, service)
  const pids = await workingIn(folder, service)
  const first =
    service === 'postgres' ? [Number((await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n')[0])] : pids
  for (const pid of first) {
    if (!pids.includes(pid)) throw new Error('not ours')
    process.kill(pid, 'SIGKILL')
  }
  while ((await workingIn(folder, service)).length > 0) await sleep(50)
}

infrastructureSuite('the embedded driver', {
  // Spaces, and longer than a socket's path may be.
  options: () => Promise.resolve({ driver: 'embedded', folder: `a school's "workspace" ${'x'.repeat(120)}` }),
  kill,
  logs: async it => {
    const embedded = join(it.root, '.instance-manager', 'embedded')
    const folder = join(embedded, 'postgres', 'log')
    const files = [
      ...(await readdir(folder)).map(name => join(folder, name)),
      join(embedded, 'postgres-start.log'),
      join(embedded, 'pgbouncer', 'pgbouncer.log'),
    ]
    return (await Promise.all(files.map(file => readFile(file, 'utf8')))).join('\n')
  },
})

describe('an embedded PostgreSQL that ends by itself', () => {
  let it: TestInfrastructure
  const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
  beforeAll(async () => {
    it = await testInfrastructure({ driver: 'embedded' })
    await it.up()
  })
  afterAll(() => it.dispose())

  test('killed, it starts again although another process has got the number in its locks', async () => {
    await kill(it, 'postgres')
    const other = spawn('sleep', ['infinity'])
    const locks = [
      join(folderOf(it, 'postgres'), 'postmaster.pid'),
      join(it.root, '.instance-manager/embedded/sockets', `.s.PGSQL.${it.settings.ports.postgres}.lock`),
    ]
    try {
      for (const lock of locks) await writeFile(lock, (await readFile(lock, 'utf8')).replace(/^\d+/, String(other.pid)))
      await it.infrastructure.start('embedded', 'postgres', context)
      expect((await it.infrastructure.status()).postgres.state).toBe('running')
    } finally {
      other.kill('SIGKILL')
    }
  })

  test('just before it is to be stopped, it counts as stopped', async () => {
    expect((await it.infrastructure.status()).postgres.state).toBe('running')
    const run: Run = async (file, args, options) => {
      if ([file, ...args].includes((await requirePrograms()).pgCtl) && args.includes('stop')) await kill(it, 'postgres')
      return it.run(file, args, options)
    }
    const driver = new EmbeddedDriver(allServices, { ...it.services, run })
    await driver.stop(postgres, context)
    expect((await driver.status()).services.postgres.state).toBe('stopped')
  })
})
