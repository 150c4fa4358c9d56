import { describe, expect, it } from 'vitest'
import { fold, isOpen, type Entry, type OperationState, type Transient } from '../../../src/shared/operation'

const why = { code: 'no', message: 'No.' }
let tick = 0
/** The state after these events; each a second later than the one before. */
const after = (...events: (Entry | Transient)[]): OperationState => {
  tick = 0
  const all = [
    {
      type: 'opened',
      kind: 'make',
      version: 1,
      subject: 'alpha',
      plan: { name: 'alpha' },
      steps: ['one', 'two'],
    } as const,
    ...events,
  ]
  const state = all.reduce<OperationState | undefined>(
    (it, event) => fold(it, { id: 'x', at: new Date(tick++ * 1000).toISOString(), ...event }),
    undefined,
  )
  if (!state) throw new Error('no state')
  return state
}
const statuses = (state: OperationState) => state.steps.map(it => it.status)
const doing = (step: string) => ({ type: 'doing', step }) as const
const done = (step: string) => ({ type: 'done', step }) as const
const undone = (step: string) => ({ type: 'undone', step }) as const
const turned = { type: 'turned', reason: 'failed', problem: why } as const

describe('the state of an operation', () => {
  it('begins waiting', () => {
    const state = after()
    expect(state).toMatchObject({
      id: 'x',
      kind: 'make',
      subject: 'alpha',
      plan: { name: 'alpha' },
      phase: 'running',
      openedAt: '1970-01-01T00:00:00.000Z',
    })
    expect(statuses(state)).toEqual(['waiting', 'waiting'])
    expect(isOpen(state)).toBe(true)
  })

  it('goes forward', () => {
    const state = after(doing('one'), { type: 'progress', step: 'one', fraction: 0.5, text: 'half' })
    expect(state.steps[0]).toMatchObject({
      status: 'doing',
      startedAt: '1970-01-01T00:00:01.000Z',
      fraction: 0.5,
      text: 'half',
    })
    const end = after(
      doing('one'),
      { type: 'progress', step: 'one', fraction: 0.5 },
      done('one'),
      doing('two'),
      done('two'),
      { type: 'settled', outcome: 'succeeded' },
    )
    expect(end.steps[0]).toEqual({
      name: 'one',
      status: 'done',
      startedAt: '1970-01-01T00:00:01.000Z',
      endedAt: '1970-01-01T00:00:03.000Z',
    })
    expect(end).toMatchObject({ phase: 'succeeded', settledAt: '1970-01-01T00:00:06.000Z' })
    expect(isOpen(end)).toBe(false)
  })

  it('goes back over what began, newest first', () => {
    const history = [
      doing('one'),
      done('one'),
      doing('two'),
      turned,
      undone('two'),
      undone('one'),
      { type: 'settled', outcome: 'rolled-back' },
    ] as const
    expect([4, 5, 6].map(count => statuses(after(...history.slice(0, count))))).toEqual([
      ['done', 'undoing'],
      ['undoing', 'undone'],
      ['undone', 'undone'],
    ])
    expect(after(...history)).toMatchObject({ phase: 'rolled-back', turned: { reason: 'failed', problem: why } })
    expect(statuses(after(doing('one'), turned))).toEqual(['undoing', 'waiting'])
    expect(statuses(after(turned))).toEqual(['waiting', 'waiting'])
  })

  it('is stuck with a problem, and tried again without it', () => {
    const cases = [
      { history: [doing('one')], stuck: 'stuck', again: 'doing', phase: 'running' },
      { history: [doing('one'), turned], stuck: 'stuck', again: 'undoing', phase: 'undoing' },
      { history: [], stuck: 'stuck', again: 'waiting', phase: 'running' },
      { history: [doing('one'), done('one')], stuck: 'done', again: 'done', phase: 'running' },
      { history: [doing('one'), turned, undone('one')], stuck: 'undone', again: 'undone', phase: 'undoing' },
    ] as const
    for (const { history, stuck, again, phase } of cases) {
      const halted = after(...history, { type: 'stuck', step: 'one', problem: why })
      expect(halted).toMatchObject({ phase: 'stuck', steps: [{ status: stuck, problem: why }, {}] })
      expect(isOpen(halted)).toBe(true)
      const resumed = after(...history, { type: 'stuck', step: 'one', problem: why }, { type: 'retrying', step: 'one' })
      expect(resumed).toMatchObject({ phase, steps: [{ status: again }, {}] })
      expect(resumed.steps[0]?.problem).toBeUndefined()
    }
  })

  it('never undoes a step that was stuck before it began', () => {
    expect(
      statuses(after({ type: 'stuck', step: 'one', problem: why }, { type: 'retrying', step: 'one' }, turned)),
    ).toEqual(['waiting', 'waiting'])
  })

  it('does not change with output, and needs an opening', () => {
    expect(after(doing('one'), { type: 'output', step: 'one', chunk: 'words', offset: 0 })).toEqual(after(doing('one')))
    expect(() => fold(undefined, { id: 'x', at: '', ...doing('one') })).toThrow('not with opened')
  })
})
