/** The screen claims no protection that isn't there. */
import { expect, test } from 'vitest'
import { securityFacts } from '../../../src/renderer/src/infrastructure/security-facts'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'

const status: InfrastructureStatus = {
  driver: 'podman',
  postgres: { name: 'postgres', state: 'running', port: 15_432 },
  pgbouncer: { name: 'pgbouncer', state: 'running', port: 16_432 },
  pooled: true,
  adopted: [],
  warnings: [],
  canChangeDriver: true,
  instances: [],
}
const stopped = { ...status.postgres, state: 'stopped' } as const
const warned = (code: string) => ({ warnings: [{ code, message: '' }] })

test.each<[string, Partial<InfrastructureStatus>, number]>([
  ['our own', {}, 4],
  ['our own, stopped', { postgres: stopped }, 4],
  ['adopted', { adopted: ['postgres', 'pgbouncer'] }, 0],
  ['hardened: PgBouncer is ours', { adopted: ['postgres'] }, 4],
  ['hardened, but its port is open', { adopted: ['postgres'], ...warned('port-open-to-network') }, 3],
  ['PgBouncer is ours, but the rules are weak', { adopted: ['postgres'], ...warned('postgres-weak-rules') }, 0],
  ['hardened, but stopped: its rules aren’t known', { adopted: ['postgres'], postgres: stopped }, 0],
])('%s', (_, of, count) => {
  const facts = securityFacts({ ...status, ...of })
  expect(facts).toHaveLength(count)
  expect(facts.some(it => it.includes('127.0.0.1'))).toBe(count === 4)
})
