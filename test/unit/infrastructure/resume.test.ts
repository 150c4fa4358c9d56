import { beforeEach, describe, expect, it, vi } from 'vitest'
import { Resume } from '../../../src/main/infrastructure/resume'
import type { OperationState } from '../../../src/shared/operation'
import { owns, things } from '../../../src/shared/things'

const stuck = (kind: string, action?: 'start-infrastructure' | 'keep-waiting'): OperationState => ({
  id: kind,
  kind,
  subject: kind,
  plan: {},
  claims: [],
  phase: 'stuck',
  openedAt: '2026-01-01T00:00:00.000Z',
  steps: [{ name: 'step', status: 'stuck', problem: { code: 'x', message: 'x', action } }],
})

let states: OperationState[]
let retried: string[]
let resume: Resume
beforeEach(() => {
  vi.useFakeTimers()
  retried = []
  resume = new Resume({
    list: () => states,
    retry: id => {
      retried.push(id)
    },
  })
  return () => vi.useRealTimers()
})

describe('what is stuck while both services run', () => {
  it('continues if it waits for them, and only then', () => {
    states = [
      stuck('create', 'start-infrastructure'),
      stuck('start', 'keep-waiting'),
      stuck('stop'),
      { ...stuck('infrastructure-start', 'start-infrastructure'), claims: [owns(things.services)] },
    ]
    resume.look()
    expect(retried).toEqual(['create'])
  })

  it('is retried after a growing pause if it is stuck again, at once in its next wait', () => {
    states = [stuck('create', 'start-infrastructure')]
    const after = (seconds: number): number => {
      vi.advanceTimersByTime(seconds * 1000)
      resume.look()
      return retried.length
    }
    expect([after(0), after(1), after(1), after(2), after(2)]).toEqual([1, 1, 2, 2, 3])
    for (let i = 0; i < 10; i++) after(60)
    expect(retried).toHaveLength(13)
    states = []
    resume.look()
    states = [stuck('create', 'start-infrastructure')]
    expect(after(0)).toBe(14)
  })
})
