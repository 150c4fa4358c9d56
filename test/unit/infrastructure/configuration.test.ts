import { expect, test } from 'vitest'
import { parsePoolerVersion, poolerIni, poolerUsers } from '../../../src/main/infrastructure/services/pgbouncer-config'
import {
  engineConnections,
  instanceClients,
  lookupConnections,
  poolerFiles,
  roleConnections,
} from '../../../src/main/infrastructure/limits'
import { hostRules, serverSettings } from '../../../src/main/infrastructure/services/postgres-config'
import { generatePassword } from '../../../src/shared/password'
import { settingsSchema } from '../../../src/shared/settings'

test.each(['container', 'machine'] as const)(
  'pg_hba.conf of a %s trusts nobody and rejects the superuser before anyone is let in',
  place => {
    const rules = hostRules(place)
      .split('\n')
      .filter(line => line && !line.startsWith('#'))
      .map(line => line.split(/\s+/))
    expect(rules.flat()).not.toContain('trust')
    const tcp = rules.filter(([type]) => type === 'host')
    expect(tcp.map(rule => rule.at(-1))).toEqual(['reject', 'reject', 'scram-sha-256'])
    expect(rules.filter(([type]) => type === 'local').map(rule => rule[3])).toEqual([
      place === 'container' ? 'peer' : 'reject',
      'scram-sha-256',
    ])
    expect(rules.find(([, , , , method]) => method === 'reject')?.[2]).toBe(
      place === 'container' ? 'postgres' : 'postgres,instance_manager,pgbouncer_auth',
    )
  },
)

test('settings are quoted, so that a path with a quote or a backslash stays one value', () => {
  expect(serverSettings(settings, { hba_file: "/a's\\b", port: 15_432 })).toContain(
    "hba_file = '/a''s\\\\b'\nport = 15432\n",
  )
})

const settings = settingsSchema.parse({})
const { postgres, pgbouncer } = settings

const ini = (version?: string): string =>
  poolerIni({
    postgres: { host: '10.0.0.2', port: 5432 },
    listen: { address: '127.0.0.1', port: 16_432 },
    folder: '/f',
    settings,
    version,
  })
const numberIn = (text: string, key: string): number => Number(new RegExp(`^${key} = (\\d+)$`, 'm').exec(text)?.[1])

test('the pools of 100 instances, the look-ups and the engine fit into PostgreSQL; one instance cannot fill it', () => {
  expect(numberIn(ini(), 'default_pool_size') * 100 + lookupConnections + engineConnections).toBeLessThan(
    postgres.maxConnections,
  )
  expect(numberIn(serverSettings(settings, {}), 'max_connections')).toBe(postgres.maxConnections)
  expect(numberIn(serverSettings(settings, {}), 'superuser_reserved_connections')).toBe(engineConnections)
  for (const cores of [1, 2, 16, 64, 128]) {
    expect(roleConnections(pgbouncer.poolSize, cores)).toBeGreaterThanOrEqual(
      2 * cores + 1 + numberIn(ini(), 'default_pool_size'),
    )
    expect(roleConnections(pgbouncer.poolSize, cores)).toBeLessThan(postgres.maxConnections / 2)
  }
  expect(poolerFiles(settings)).toBeGreaterThanOrEqual(numberIn(ini(), 'max_client_conn') + postgres.maxConnections)
})

test('PgBouncer gets only settings that its version knows: one that it does not know keeps it from starting', () => {
  for (const old of [ini(), ini('1.18.0')]) expect(old).not.toMatch(/auth_dbname|_client_connections/)
  expect(ini('1.19.0')).toContain('\nauth_dbname = postgres\n')
  expect(ini('1.23.1')).not.toContain('_client_connections')
  for (const recent of [ini('1.24.1'), ini('2.0.0')])
    expect(numberIn(recent, 'max_user_client_connections')).toBe(instanceClients)
  expect(['PgBouncer 1.18.0\nlibevent 2.1', 'nothing'].map(parsePoolerVersion)).toEqual(['1.18.0', undefined])
})

test('pgbouncer.ini names PostgreSQL, and a container logs to its standard error', () => {
  const text = ini()
  expect(text).toContain('* = host=10.0.0.2 port=5432')
  expect(text).not.toContain('logfile')
})

test('a user list quotes a quote', () => {
  expect(poolerUsers('a"b')).toBe('"pgbouncer_auth" "a""b"\n')
})

test('passwords are 24 alphanumerics, each another', () => {
  const made = Array.from({ length: 100 }, generatePassword)
  expect(new Set(made).size).toBe(100)
  for (const password of made) expect(password).toMatch(/^[A-Za-z0-9]{24}$/)
})
