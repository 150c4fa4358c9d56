/** The job on many instances that the list reports on. */
import { expect, it } from 'vitest'
import { newReport } from '../../../src/renderer/src/jobs/report'
import { fold, type Json, type OperationState } from '../../../src/shared/operation'

const many = (id: string, plan: Json): OperationState =>
  fold(undefined, {
    id,
    at: '2026-01-01T00:00:00.000Z',
    type: 'opened',
    kind: 'many',
    version: 1,
    subject: 'many',
    plan,
    steps: ['instance/alpha', 'instance/beta'],
  })
const readable = { action: 'stop', names: ['alpha', 'beta'], since: '2026-01-01T00:00:00.000Z', stopOther: false }

it('a job whose plan can’t be read doesn’t hide the next one', () => {
  const found = newReport([many('1', { from: 'another version' }), many('2', readable)], new Set())
  expect(found).toMatchObject({ id: '2', count: 2 })
  expect(newReport([many('2', readable)], new Set(['2']))).toBeUndefined()
})
