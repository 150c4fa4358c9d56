/**
 * Who takes connections: another user without any password, and an instance with its own. The others and the engine
 * still get theirs.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { instanceClients, poolerFiles, roleConnections } from '../../../src/main/infrastructure/limits'
import { generatePassword } from '../../../src/shared/password'
import { settingsSchema } from '../../../src/shared/settings'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type Running, type SecondUser } from '../../support/second-user'

/**
 * Logins that are begun and not gone on with. Arguments: port, how many at once, the role's name, databases' names.
 * Says `all` once so many were begun, then how many the server has closed.
 */
const halfLogins = `
import { connect } from 'node:net'
const [port, count, role, ...databases] = process.argv.slice(2)
let begun = 0, closed = 0
const begin = database => {
  const socket = connect(Number(port), '127.0.0.1', () => {
    const body = Buffer.from('user\\0' + role + '\\0database\\0' + database + '\\0\\0')
    const head = Buffer.alloc(8); head.writeInt32BE(body.length + 8); head.writeInt32BE(196608, 4)
    socket.write(Buffer.concat([head, body]))
    if (++begun === Number(count)) console.log('all')
  })
  socket.on('error', () => undefined).on('data', () => undefined).on('close', () => { closed++; if (closed === Number(count)) console.log('closed') })
}
for (let number = 0; number < Number(count); number++) begin(databases[number % databases.length])
if (databases.length > 1) setInterval(() => databases.forEach(begin), 100)
`

describeWhere(canMakeUsers, whyNoUsers)('connections', () => {
  let other: SecondUser
  let it: TestInfrastructure
  const ends: (() => Promise<unknown>)[] = []
  const instance = (name: string) => ({
    database: `${name}_db`,
    role: `${name}_user`,
    password: generatePassword(),
    token: name,
  })
  const [greedy, school] = [instance('greedy'), instance('school')]
  const login = ({ role: user, password, database } = school, service: 'postgres' | 'pgbouncer' = 'pgbouncer') => ({
    port: it.settings.ports[service],
    user,
    password,
    database,
  })
  const getsIn = (service: 'postgres' | 'pgbouncer'): Promise<unknown> =>
    withConnection(login(school, service), async client => (await client.query('SELECT current_user AS who')).rows, {
      connect: 5000,
      query: 5000,
    }).catch(String)
  const engine = async <Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> =>
    withConnection(
      await it.infrastructure.admin(),
      async client => (await client.query(sql, [...values])).rows as Row[],
    )

  /** As many connections as are given, up to that many. They are held until the test's end. */
  async function take(count: number, service: 'postgres' | 'pgbouncer', query: string): Promise<number> {
    let open = 0
    for (let begun = 0; begun < count; begun += 20) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const client = new Client({ ...login(greedy, service), host: '127.0.0.1', connectionTimeoutMillis: 20_000 })
          client.on('error', () => undefined)
          ends.push(() => client.end().catch(() => undefined))
          await client.connect().then(
            () => {
              open++
              client.query(query).catch(() => undefined)
            },
            () => undefined,
          )
        }),
      )
    }
    return open
  }

  async function beginHalfLogins(port: number, count: number, ...databases: string[]): Promise<Running> {
    const running = other.start(halfLogins, String(port), String(count), school.role, ...databases)
    ends.push(() => running.stop())
    expect(await running.line()).toBe('all')
    return running
  }

  beforeAll(async () => {
    ;[other, it] = [await secondUser(), await testInfrastructure({ driver: 'embedded' })]
    await it.up()
    for (const one of [greedy, school]) await it.databases.create(one)
    // A hundred processes of PostgreSQL show the same as 800, and leave the machine some memory.
    await it.down()
    const conf = join(it.root, '.instance-manager', 'embedded', 'postgres', 'postgresql.conf')
    await writeFile(conf, (await readFile(conf, 'utf8')).replace(/^max_connections = .*$/m, 'max_connections = 100'))
    const context = { signal: AbortSignal.timeout(170_000), report: () => undefined, output: () => undefined }
    await it.infrastructure.start('embedded', 'postgres', context)
    await it.infrastructure.start('embedded', 'pgbouncer', context)
  })
  afterEach(async () => {
    await Promise.all(ends.splice(0).map(end => end()))
  })
  afterAll(async () => {
    await other.remove()
    await it.dispose()
  })

  test('a stranger keeps naming the template databases: every creation succeeds', async () => {
    await beginHalfLogins(
      it.settings.ports.pgbouncer,
      8,
      'template1',
      'instance_manager_template',
      'template0',
      'postgres',
    )
    const made = Array.from({ length: 8 }, (_, number) => instance(`new${number}`))
    for (const one of made) await it.databases.create(one)
    await Promise.all(made.map(async one => expect(await it.databases.verify(one)).toBe(true)))
    expect(
      await engine(
        "SELECT usename FROM pg_stat_activity WHERE datname IN ('template1', 'instance_manager_template') AND backend_type = 'client backend'",
      ),
    ).toEqual([])
  })

  test('an instance takes all direct connections that it gets: the others and the engine connect', async () => {
    expect(await take(120, 'postgres', 'SELECT 1')).toBe(roleConnections())
    for (const service of ['postgres', 'pgbouncer'] as const)
      expect(await getsIn(service)).toEqual([{ who: school.role }])
    expect((await it.databases.sizes()).size).toBeGreaterThan(2)
  })

  test('an instance takes all pooled connections that it gets: the others and the engine connect', async () => {
    const version = (await it.infrastructure.status()).pgbouncer.version ?? ''
    const open = await take(instanceClients + 100, 'pgbouncer', 'SELECT pg_sleep(60)')
    expect(open).toBe(version >= '1.24' ? instanceClients : instanceClients + 100) // older ones know no such limit
    const served = () =>
      engine<{ count: number }>('SELECT count(*)::int FROM pg_stat_activity WHERE usename = $1', [greedy.role])
    const pool = [{ count: it.settings.pgbouncer.poolSize }]
    await expect.poll(served).toEqual(pool) // one after the other
    for (const service of ['postgres', 'pgbouncer'] as const)
      expect(await getsIn(service)).toEqual([{ who: school.role }])
    expect(await served()).toEqual(pool)
    expect(await it.infrastructure.status()).toMatchObject({
      postgres: { state: 'running' },
      pgbouncer: { state: 'running' },
    })
  })

  test.each([
    ['postgres', 100],
    ['pgbouncer', settingsSchema.parse({}).pgbouncer.maxClients + 100],
  ] as const)(
    'a stranger begins more logins at %s than there were connections (%i): they are closed, and the others get in',
    async (service, count) => {
      const stranger = await beginHalfLogins(it.settings.ports[service], count, 'school_db')
      await expect.poll(() => getsIn(service), { timeout: 40_000 }).toEqual([{ who: school.role }])
      expect(await stranger.line()).toBe('closed')
      expect((await it.databases.sizes()).size).toBeGreaterThan(2)
    },
  )

  test('a stranger begins half as many logins as an instance may have clients: the instance gets in meanwhile', async () => {
    const stranger = await beginHalfLogins(it.settings.ports.pgbouncer, instanceClients / 2, school.database)
    expect(await getsIn('pgbouncer')).toEqual([{ who: school.role }])
    expect(await stranger.line()).toBe('closed')
  })

  test('PgBouncer may open as many files as it has clients and servers', async () => {
    const pid = (await it.infrastructure.found('embedded')).alive?.[1] ?? 0
    const limits = async (of: number | 'self') =>
      (/^Max open files\s+(\d+)\s+(\d+)/m.exec(await readFile(`/proc/${of}/limits`, 'utf8')) ?? []).slice(1).map(Number)
    expect((await limits(pid))[0]).toBe(Math.min(poolerFiles(it.settings), (await limits('self'))[1] ?? 0))
  })

  test('a role without a limit gets one, and one that an operator set stays', async () => {
    await engine('ALTER ROLE school_user CONNECTION LIMIT -1')
    await engine('ALTER ROLE greedy_user CONNECTION LIMIT 7')
    await it.databases.claim([school, greedy])
    expect(
      await engine('SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname = ANY($1) ORDER BY 1', [
        [school.role, greedy.role],
      ]),
    ).toEqual([
      { rolname: greedy.role, rolconnlimit: 7 },
      { rolname: school.role, rolconnlimit: roleConnections() },
    ])
  })
})
