/** What PostgreSQL and PgBouncer say becomes what is shown: ours by name, others as numbers. */
import { expect, it } from 'vitest'
import { describe, samplesOf, type Found } from '../../../../src/main/infrastructure/activity/describe'
import { Hour } from '../../../../src/main/infrastructure/activity/hour'
import { poolsOf, type PoolRow } from '../../../../src/main/infrastructure/activity/pools-look'
import { poolerRole } from '../../../../src/main/infrastructure/services/postgres-config'
import type { DatabaseRow, SessionRow } from '../../../../src/main/infrastructure/activity/postgres-looks'

const row = (name: string, changes: Partial<DatabaseRow> = {}): DatabaseRow => ({
  name,
  owner: name.replace('_db', '_user'),
  limit: 50,
  connections: '0',
  own: '0',
  active: '0',
  idle: '0',
  transactions: '0',
  hits: '0',
  reads: '0',
  deadlocks: '0',
  ...changes,
})
const session = (pid: number, changes: Partial<SessionRow> = {}): SessionRow => ({
  pid,
  opened: '1',
  query: '2',
  transaction: '2',
  database: 'school_db',
  role: 'school_user',
  state: 'active',
  seconds: '40',
  long: true,
  text: "SELECT 'alice'",
  blockers: null,
  ...changes,
})
const tenants = ['School', 'Harbour', 'Lakeside'].map(instance => ({
  instance,
  database: `${instance.toLowerCase()}_db`,
  role: `${instance.toLowerCase()}_user`,
}))
const found = (changes: Partial<Found> & { rows?: DatabaseRow[]; sessions?: SessionRow[] } = {}): Found => ({
  at: 1_000_000,
  postgres: { databases: changes.rows ?? [], sessions: changes.sessions ?? [] },
  slow: { sizes: new Map(), limit: 790 },
  pools: new Map(),
  ...changes,
})
const poolRow = (changes: Partial<PoolRow>): PoolRow => ({
  database: 'school_db',
  user: 'school_user',
  cl_active: 0,
  cl_waiting: 0,
  sv_active: 0,
  sv_idle: 0,
  sv_used: 0,
  sv_tested: 0,
  sv_login: 0,
  maxwait: 0,
  maxwait_us: 0,
  ...changes,
})

it('those that need attention come first; others are only counted', () => {
  const pools = poolsOf(
    [
      poolRow({ database: 'lakeside_db', user: 'lakeside_user', cl_active: '2', cl_waiting: '3', sv_active: '5' }),
      poolRow({ database: 'lakeside_db', user: 'guessed', cl_waiting: '1', maxwait: '2', maxwait_us: '500900' }),
      poolRow({ database: 'lakeside_db', user: poolerRole, cl_active: 99 }),
    ],
    [{ name: 'lakeside_db', pool_size: '5', paused: '0' }],
  )
  const rows = [
    row('school_db', { connections: '9', own: '9' }),
    row('harbour_db', { connections: '45', own: '44' }),
    row('lakeside_db', { connections: '5', own: '5', active: '5', limit: -1 }),
    row('customer_secrets', { connections: '3' }),
  ]
  const now = found({ rows, pools })
  const hour = new Hour()
  const { databases, server } = describe(now, undefined, hour, tenants)
  expect(databases.map(it => it.instance)).toEqual(['Lakeside', 'Harbour', 'School'])
  expect(databases[0]).toMatchObject({
    limit: undefined,
    pool: { clients: 2, waiting: 4, longestWait: 2500, servers: 5, serversInUse: 5, size: 5, paused: false },
  })
  expect(databases[1]).toMatchObject({ connections: 44, limit: 50, pool: undefined })
  expect(server).toMatchObject({ connections: 62, limit: 790, others: { databases: 1, connections: 3 } })
  expect(JSON.stringify({ databases, server })).not.toContain('customer')
})

it('an instance that is being created has no row yet', () => {
  expect(describe(found(), undefined, new Hour(), tenants).databases).toEqual([])
})

it('transactions a second, unless the counters began anew', () => {
  const rate = (before: string, after: string) =>
    describe(
      found({ at: 1_005_000, rows: [row('school_db', { transactions: after })] }),
      found({ rows: [row('school_db', { transactions: before })] }),
      new Hour(),
      tenants,
    ).databases[0]?.transactionsPerSecond
  expect(rate('100', '112')).toBe(2.4)
  expect(rate('100', '12')).toBeUndefined()
})

it('sessions: an instance’s with its text, nobody else’s; who waits for whom', () => {
  const sessions = [
    session(1, { seconds: '40' }),
    session(2, { role: 'postgres', state: 'idle in transaction', seconds: '900' }),
    session(3, { database: 'customer_secrets', seconds: '50' }),
    session(4, { long: false, seconds: '3', blockers: [2, 2, 0, 77] }),
  ]
  const { long, locks } = describe(found({ sessions }), undefined, new Hour(), tenants)
  expect(long.map(it => [it.pid, it.instance, it.own, it.state, it.text])).toEqual([
    [2, 'School', false, 'idle', ''],
    [3, undefined, false, 'active', ''],
    [1, 'School', true, 'active', 'SELECT ?'],
  ])
  expect(locks).toMatchObject([{ waiting: { pid: 4 }, blockers: [{ pid: 2 }] }])
  expect(locks[0]?.blockers).toHaveLength(1)
})

it('sizes and waiting clients are added up', () => {
  const now = found({
    rows: [row('school_db'), row('other')],
    slow: {
      sizes: new Map([
        ['school_db', 5],
        ['other', 7],
      ]),
      limit: 790,
    },
    pools: poolsOf([poolRow({ cl_waiting: 2, maxwait: 1 })], []),
  })
  expect(samplesOf(now).totals).toMatchObject({ size: 12, waiting: 2, longestWait: 1000 })
})
