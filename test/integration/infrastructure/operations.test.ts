/** Starting and stopping as operations, on the engine's real journal. */
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { infrastructureStart } from '../../../src/main/infrastructure/start'
import { infrastructureStop } from '../../../src/main/infrastructure/stop'
import type { Operations } from '../../../src/main/operations/engine'
import type { AnyOperation } from '../../../src/main/operations/operation'
import { memorySecrets } from '../../support/memory-secrets'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { engineOf } from '../../support/engine'

let it: TestInfrastructure
let operations: Operations
const run = async (kind: string) => operations.settled(await operations.start(kind, {}))

beforeAll(async () => {
  it = await testInfrastructure({ driver: 'embedded' })
  operations = engineOf({
    folder: join(it.root, 'operations'),
    secrets: memorySecrets(),
    operations: [
      infrastructureStart(it.infrastructure),
      infrastructureStop(it.infrastructure),
    ] as readonly AnyOperation[],
  })
  await operations.open()
})
afterAll(() => it.dispose())

test('a failing start leaves running what ran before, and nothing else', async () => {
  const pgbouncerTaken = createServer()
  await new Promise<void>(resolve => {
    pgbouncerTaken.listen(it.settings.ports.pgbouncer, '127.0.0.1', resolve)
  })
  try {
    expect(await run('infrastructure-start')).toMatchObject({
      phase: 'rolled-back',
      turned: { reason: 'failed', problem: { code: 'port-taken' } },
    })
  } finally {
    await new Promise(resolve => pgbouncerTaken.close(resolve))
  }
  expect((await it.infrastructure.status()).postgres.state).toBe('stopped')
})

test('started, started again, stopped: each settles, and no secret is in a journal', async () => {
  expect((await run('infrastructure-start')).steps.map(step => `${step.name} ${step.status}`)).toEqual([
    'provision-postgres done',
    'start-postgres done',
    'secure-postgres done',
    'provision-pgbouncer done',
    'start-pgbouncer done',
  ])
  expect(await it.infrastructure.status()).toMatchObject({
    postgres: { state: 'running' },
    pgbouncer: { state: 'running' },
  })
  expect((await run('infrastructure-start')).phase).toBe('succeeded')
  expect((await run('infrastructure-stop')).phase).toBe('succeeded')
  expect(await it.infrastructure.status()).toMatchObject({
    postgres: { state: 'stopped' },
    pgbouncer: { state: 'stopped' },
  })

  const folder = join(it.root, 'operations')
  const journals = (await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))).join(
    '\n',
  )
  expect(journals).toContain('secure-postgres')
  for (const key of ['infrastructure.admin', 'infrastructure.pgbouncer_auth']) {
    const secret = await it.secrets.get(key)
    expect(secret).toMatch(/^\w{24}$/)
    expect(journals).not.toContain(secret)
  }
})
