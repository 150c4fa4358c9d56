import { expect, test } from 'vitest'
import { poolerIni, poolerUsers } from '../../../src/main/infrastructure/pgbouncer'
import { hostRules, maxConnections, serverSettings } from '../../../src/main/infrastructure/postgres'
import { generatePassword } from '../../../src/main/infrastructure/secrets'

test.each(['container', 'machine'] as const)('pg_hba.conf of a %s trusts nobody and rejects the superuser before anyone is let in', place => {
  const rules = hostRules(place).split('\n').filter(line => line && !line.startsWith('#')).map(line => line.split(/\s+/))
  expect(rules.flat()).not.toContain('trust')
  const tcp = rules.filter(([type]) => type === 'host')
  expect(tcp.map(rule => rule.at(-1))).toEqual(['reject', 'reject', 'scram-sha-256'])
  expect(rules.filter(([type]) => type === 'local').map(rule => rule[3])).toEqual([place === 'container' ? 'peer' : 'reject', 'scram-sha-256'])
  expect(rules.find(([, , , , method]) => method === 'reject')?.[2]).toBe(place === 'container' ? 'postgres' : 'postgres,instance_manager,pgbouncer_auth')
})

test('settings are quoted, so that a path with a quote or a backslash stays one value', () => {
  expect(serverSettings({ hba_file: "/a's\\b", port: 15_432 })).toContain("hba_file = '/a''s\\\\b'\nport = 15432\n")
})

test('the pools of 100 instances fit into PostgreSQL', () => {
  const ini = poolerIni({ postgres: { host: '10.0.0.2', port: 5432 }, listen: { address: '127.0.0.1', port: 16_432 }, folder: '/f' })
  const pool = Number(/^default_pool_size = (\d+)$/m.exec(ini)?.[1])
  expect(pool * 100).toBeLessThan(maxConnections)
  expect(ini).toContain('* = host=10.0.0.2 port=5432')
  expect(ini).not.toContain('logfile')
})

test('a user list quotes a quote', () => {
  expect(poolerUsers('a"b')).toBe('"pgbouncer_auth" "a""b"\n')
})

test('passwords are 24 alphanumerics, each another', () => {
  const made = Array.from({ length: 100 }, generatePassword)
  expect(new Set(made).size).toBe(100)
  for (const password of made) expect(password).toMatch(/^[A-Za-z0-9]{24}$/)
})
