import { describe, expect, it } from 'vitest'
import { when } from '../../../src/renderer/src/app/time'
import { duration } from '../../../src/shared/amounts'
import { fold, type OperationState } from '../../../src/shared/operation'
import { headline, progressOf, stepTitle, whyNotDone, wordsOf } from '../../../src/shared/jobs/words'

describe('durations', () => {
  it.each([
    [-5, '0.0 s'],
    [340, '0.3 s'],
    [9949, '9.9 s'],
    [9951, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_725_000, '1 h 02 min'],
  ])('%i ms: %s', (milliseconds, text) => {
    expect(duration(milliseconds)).toBe(text)
  })
  it('a time of another day names the day', () => {
    const now = new Date(2026, 5, 15, 12)
    expect(when(new Date(2026, 5, 15, 9, 30).toISOString(), now)).not.toMatch(/15/)
    expect(when(new Date(2026, 5, 14, 9, 30).toISOString(), now)).toMatch(/14/)
    expect(when(new Date(2025, 5, 14).toISOString(), now)).toMatch(/2025/)
  })
})

const operation = (kind: string): OperationState =>
  fold(undefined, {
    id: '1',
    at: '2026-01-01T00:00:00.000Z',
    type: 'opened',
    kind,
    version: 1,
    subject: 'alpha',
    plan: { target: { name: 'Alpha', port: 5000, cwd: '/a', script: '/a/b.js' }, wanted: false, stopFirst: [] },
    steps: ['start-process', 'new-step'],
  })

describe('words', () => {
  it('name the instance as the operator wrote it', () => {
    expect(headline(operation('start'))).toBe('Starting “Alpha”…')
  })
  it('name it by the subject where the plan is of another version', () => {
    expect(headline({ ...operation('start'), plan: { name: 'Alpha' } })).toBe('Starting “alpha”…')
  })
  it('follow the phase', () => {
    expect(headline({ ...operation('start'), phase: 'succeeded' })).toBe('“Alpha” is running')
    expect(headline({ ...operation('start'), phase: 'rolled-back' })).toBe('Couldn’t start “Alpha”')
    const cancelled = { ...operation('start'), phase: 'rolled-back', turned: { reason: 'cancelled' } } as const
    expect(headline(cancelled)).toBe('Start “Alpha”: cancelled')
  })
  it('a cancel says why it wasn’t done, and what was undone', () => {
    const cancelled = (kind: string): string | undefined =>
      whyNotDone({ ...operation(kind), phase: 'rolled-back', turned: { reason: 'cancelled' } })?.message
    expect(cancelled('change-port')).toBe('It was cancelled and rolled back.')
    expect(cancelled('change-director')).toBe('It was cancelled.')
    expect(whyNotDone({ ...operation('start'), phase: 'succeeded' })).toBeUndefined()
  })
  it('show what they do not know by its own name', () => {
    expect(wordsOf(operation('rebuild-all')).asking).toBe('Rebuild all alpha')
    expect(stepTitle('start', 'new-step')).toBe('New step')
    expect(stepTitle('start', 'start-process')).toBe('Start the application')
  })
  it('count the steps that began', () => {
    expect(progressOf(operation('create'))).toBe('step 1 of 2')
    expect(
      progressOf(
        fold(operation('create'), { id: '1', at: '2026-01-01T00:00:01.000Z', type: 'doing', step: 'new-step' }),
      ),
    ).toBe('step 1 of 2')
  })
})
