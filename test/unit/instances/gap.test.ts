/** How long an instance will be away, from its own operations before. */
import { expect, it } from 'vitest'
import { expectedGap } from '../../../src/main/instances/rebuild/review-time'
import type { OperationState } from '../../../src/shared/operation'

const at = (seconds: number): string => new Date(seconds * 1000).toISOString()
const target = { name: 'School', port: 5001, cwd: '/srv/instances/School/server', script: '/srv/index.js' }
const plans: Record<string, object> = {
  rebuild: {
    token: '3f0e7f8e-8f5b-4f0a-9a51-0a4f5a8f6c11',
    target,
    ran: true,
    manifest: {},
    fingerprint: 'f'.repeat(32),
  },
}

/** It was away from `began` on, and healthy so many seconds later. */
const done = (kind: string, step: string, seconds: number, more: object = {}): OperationState =>
  ({
    kind,
    subject: 'school',
    phase: 'succeeded',
    plan: { ...plans['rebuild'], ...more },
    steps: [
      { name: 'trial', startedAt: at(0), endedAt: at(100) },
      { name: step, startedAt: at(100), endedAt: at(101) },
      ...(seconds > 0 ? [{ name: 'verify-health', startedAt: at(101), endedAt: at(100 + seconds) }] : []),
    ],
  }) as never
const rebuilt = (seconds: number, more?: object): OperationState => done('rebuild', 'switch', seconds, more)

it('the median of its rebuilds and rollbacks, from the switch to health', () => {
  expect(expectedGap([rebuilt(9), rebuilt(2), done('rollback', 'switch', 3)], 'school')).toBe(3)
})

it('not those that were seamless, undone, of a stopped instance or of another', () => {
  const others = [
    rebuilt(9, { seamless: true }),
    { ...rebuilt(9), phase: 'rolled-back' as const },
    rebuilt(0),
    { ...rebuilt(9), subject: 'other' },
  ]
  expect(expectedGap([rebuilt(2), ...others], 'school')).toBe(2)
  expect(expectedGap(others, 'school')).toBeUndefined()
})

it('without any, as long as it took to start', () => {
  const starts = [
    done('create', 'start-process', 4),
    done('start', 'start-process', 4),
    done('restart', 'restart-process', 5),
  ]
  expect(expectedGap(starts, 'school')).toBe(4)
  expect(expectedGap([...starts, rebuilt(2)], 'school')).toBe(2)
})
