/** What a job's steps noted is printed by the command that ran it, e.g. that a start overbooks PostgreSQL. */
import { expect, test } from 'vitest'
import { notesOfAll, type FollowServices } from '../../../src/main/cli/operate'
import type { OperationState } from '../../../src/shared/operation'

const state = (id: string, notes?: string) =>
  ({
    id,
    kind: 'start',
    subject: id,
    plan: {},
    steps: [{ name: 'start-process', status: 'done', notes }],
  }) as unknown as OperationState
const services = (...states: OperationState[]) => ({ follower: { states } }) as unknown as FollowServices
const ended = (id: string) =>
  ({ name: id, exit: 0, operation: { id, kind: 'start', subject: id, phase: 'succeeded' } }) as const

test('of one as they are, of several with their names, and nothing if there are none', () => {
  const all = services(state('school', 'Too many.'), state('annex'), state('other', 'Not ours.'))
  expect(notesOfAll(all, [ended('school')])).toEqual(['Too many.'])
  expect(notesOfAll(all, [ended('school'), ended('annex')])).toEqual(['school:', '  Too many.'])
  expect(notesOfAll(all, [ended('annex')])).toBeUndefined()
})
