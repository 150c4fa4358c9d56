import { expect, it } from 'vitest'
import { troubleOf, type ConditionFacts } from '../../../src/main/instances/trouble'
import { missingService, type ServiceState } from '../../../src/shared/infrastructure'

const problem = (code: string) => ({ code, message: code, cause: `${code}.` })
const missing = { name: 'postgres', state: 'stopped', port: 1 } as const
const all: ConditionFacts = { missing, login: problem('login'), crashes: 7, answer: problem('answer') }

it('the first that explains the others is shown, with its reason', () => {
  const shown = (facts: Partial<ConditionFacts>) => {
    const { status, problem: why } = troubleOf('a', { ...all, ...facts }) ?? {}
    return [status, why?.cause, why?.action]
  }
  const [up, known] = [{ missing: undefined }, { missing: undefined, login: undefined }]
  expect(shown({})).toEqual(['no database', 'PostgreSQL isn’t running.', 'start-infrastructure'])
  expect(shown(up)).toEqual(['no database', 'login.', undefined])
  expect(shown(known)).toEqual(['unstable', 'PM2 has restarted it 7 times in the last five minutes.', undefined])
  expect(shown({ ...known, crashes: 2 })).toEqual(['not answering', 'answer.', undefined])
  expect(troubleOf('a', { crashes: 2 })).toBeUndefined()
})

it.each<[ServiceState, ServiceState, boolean, string | undefined]>([
  ['running', 'running', true, undefined],
  ['stopped', 'running', true, 'postgres'],
  ['failed', 'stopped', true, 'postgres'],
  ['restarting', 'running', false, 'postgres'],
  ['running', 'stopped', true, 'pgbouncer'],
  ['running', 'stopped', false, undefined],
  ['absent', 'unavailable', true, undefined],
  ['starting', 'running', true, undefined],
  ['not-adopted', 'starting', true, undefined],
])('PostgreSQL %s, PgBouncer %s, pooled %s: missing is %s', (postgres, pgbouncer, pooled, name) => {
  const status = (its: 'postgres' | 'pgbouncer', state: ServiceState) => ({ name: its, state, port: 1 })
  const found = missingService(
    { postgres: status('postgres', postgres), pgbouncer: status('pgbouncer', pgbouncer) },
    pooled,
  )
  expect(found?.name).toBe(name)
})
