/** The first login through PgBouncer works, whatever the pool met before. On the real PgBouncer. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Client } from 'pg'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { signalTo, workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { Pools, type PoolUser } from '../../../src/main/infrastructure/pools'
import { readJson } from '../../../src/main/system/files'
import { instanceConfigSchema } from '../../../src/shared/instance'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

let workspace: TestWorkspace
let port: number
beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  port = (await workspace.services.infrastructure.status()).pgbouncer.port
})
afterAll(() => workspace.remove())

const clientOf = (user: PoolUser, patience = 20_000): Client => {
  const client = new Client({
    host: '127.0.0.1',
    port,
    ...user,
    connectionTimeoutMillis: patience,
    query_timeout: 30_000,
  })
  client.on('error', () => undefined)
  return client
}
const login = async (user: PoolUser, patience?: number): Promise<string> => {
  const client = clientOf(user, patience)
  try {
    await client.connect()
    return (await client.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who ?? ''
  } catch (error) {
    return String(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}
const userOf = async (name: string): Promise<PoolUser> => {
  const config = await readJson(join(workspace.root, 'instances', name, 'config.json'), instanceConfigSchema)
  const { name: database, user, password } = config?.database ?? { name: '', user: '', password: '' }
  return { database, user, password }
}
/** For as long as the work takes, clients wait so many seconds in PgBouncer, instead of 20. */
async function withPatience(seconds: number, work: () => Promise<unknown>): Promise<void> {
  const set = async (to: number): Promise<unknown> =>
    withConnection(await workspace.services.infrastructure.throughPool('pgbouncer'), console =>
      console.query(`SET query_wait_timeout = ${to}`),
    )
  await set(seconds)
  await work()
  await set(20)
}
/** Once the first client has lost its patience nobody waits there any more, and PgBouncer tries no more by itself. */
const refused = (user: PoolUser): Promise<void> =>
  withPatience(2, async () => {
    await login(user, 60_000)
    await until(async () => (await login(user, 2000)).includes('server login has been failing'))
  })
const endPostgres = async (): Promise<void> => {
  const folder = join(workspace.root, '.instance-manager/embedded/postgres')
  await until(async () => {
    const pids = await workingIn(folder, 'postgres')
    for (const pid of pids) signalTo(pid, 'SIGKILL') // they end each other, too
    return pids.length === 0
  })
}

it('an instance whose database someone had asked for before it was there', async () => {
  await refused({ database: 'zeta_db', user: 'zeta_user', password: 'guessed' })
  mustSucceed(await workspace.create({ name: 'zeta' }))
  expect(await login(await userOf('zeta'))).toBe('zeta_user')
})

it('one that was stopped while PostgreSQL crashed: started, its application meets no refusal', async () => {
  const { operations } = workspace.services
  const user = await userOf('zeta')
  mustSucceed(await operations.settled(await operations.start('stop', { name: 'zeta' })))
  await endPostgres()
  await refused(user)
  await workspace.startInfrastructure()
  mustSucceed(await operations.settled(await operations.start('start', { name: 'zeta' })))
  expect(await login(user)).toBe('zeta_user')
})

it('one that runs while PostgreSQL crashes: once both are up, no refusal; its open connection to PgBouncer was not cut', async () => {
  const user = await userOf('zeta')
  const open = clientOf(user)
  await open.connect()
  await endPostgres()
  await refused(user)
  await workspace.startInfrastructure()
  expect(await login(user)).toBe('zeta_user')
  expect((await open.query<{ who: string }>('SELECT current_user AS who')).rows).toEqual([{ who: 'zeta_user' }])
  await open.end()
})

it('a paused database is resumed: a kill between KILL and RESUME is made good by the next start', async () => {
  const user = await userOf('zeta')
  await withConnection(await workspace.services.infrastructure.throughPool('pgbouncer'), console =>
    console.query('KILL "zeta_db"'),
  )
  expect(await login(user, 2000)).toContain('timeout')
  const { operations } = workspace.services
  mustSucceed(await operations.settled(await operations.start('restart', { name: 'zeta' })))
  expect(await login(user)).toBe('zeta_user')
})

it('what we ourselves leave in the pool is no open connection of the instance', async () => {
  mustSucceed(await workspace.create({ name: 'watched' }))
  const user = await userOf('watched')
  const usage = async () => (await workspace.services.instances.previewDelete('watched')).database.connections
  const pool = await workspace.services.infrastructure.throughPool(user.database)
  await until(async () => (await usage()) === 0)
  await withConnection({ ...pool, ...user }, client => client.query('SELECT 1'))
  expect(await usage()).toBe(0)
  const client = clientOf(user)
  await client.connect()
  await client.query('BEGIN')
  expect(await usage()).toBe(1)
  await client.end()
})
it('names are quoted, and a pool with clients is never killed', async () => {
  const pools = new Pools(database => workspace.services.infrastructure.throughPool(database))
  const user = await userOf('zeta')
  const open = clientOf(user)
  await open.connect()
  await open.query('SELECT 1')
  expect(await pools.heal({ ...user, password: 'wrong' })).toMatch(/authentication failed.*\(its pool has clients\)/)
  expect(await pools.heal({ ...user, database: 'x"; KILL "zeta_db' })).toMatch(/\w/)
  expect((await open.query<{ who: string }>('SELECT current_user AS who')).rows).toEqual([{ who: 'zeta_user' }])
  await open.end()
})

it('changes of pool sizes wait while services are started: no two changes are made at once', async () => {
  const { infrastructure, operations } = workspace.services
  const driver = await infrastructure.driver()
  const underWay = new Set<string>()
  const together: string[][] = []
  for (const of of ['provision', 'start', 'stop'] as const) {
    const original = driver[of].bind(driver)
    vi.spyOn(driver, of).mockImplementation(async (service, context) => {
      underWay.add(`${of} ${service.name}`)
      if (underWay.size > 1) together.push([...underWay])
      await original(service, context).finally(() => underWay.delete(`${of} ${service.name}`))
    })
  }
  try {
    const { signal } = new AbortController()
    const started = new AbortController()
    const resizing = (async () => {
      while (!started.signal.aborted)
        await infrastructure.resizePools({ signal, report: () => undefined, output: () => undefined })
    })()
    mustSucceed(await operations.settled(await operations.start('infrastructure-start', {})))
    started.abort()
    await resizing
    expect(together).toEqual([])
  } finally {
    vi.restoreAllMocks()
  }
})
