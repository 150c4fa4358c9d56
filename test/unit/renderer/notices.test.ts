/** Notices about operations, in the library's own store. */
import { notificationsStore } from '@mantine/notifications'
import { expect, it } from 'vitest'
import { tell, withdraw, withdrawAll } from '../../../src/renderer/src/operations/notices'
import { fold, type OperationState } from '../../../src/shared/operation'

const failed = (subject: string): OperationState => ({
  ...fold(undefined, {
    id: subject,
    at: '2026-01-01T00:00:00.000Z',
    type: 'opened',
    kind: 'start',
    version: 1,
    subject,
    plan: {},
    steps: [],
  }),
  phase: 'rolled-back',
  turned: { reason: 'failed' },
})

const shown = () => notificationsStore.getState().notifications.map(({ id, title }) => [id, title])
const nothing = { startAgain: () => undefined, rename: () => undefined }

it('say nothing about a workspace that is no longer open', () => {
  tell(failed('alpha'), nothing)
  tell(failed('beta'), nothing)
  expect(shown()).toEqual([['bad start', 'Couldn’t start 2 instances']])
  withdrawAll()
  expect(shown()).toEqual([])
  tell(failed('alpha'), nothing) // of the next workspace: it is not counted with the old ones
  expect(shown()).toEqual([['bad start', 'Couldn’t start “alpha”']])
  withdrawAll()
})

it('failures share a notice, until the same is tried again', () => {
  for (const it of ['alpha', 'beta', 'gamma']) tell(failed(it), nothing)
  tell({ ...failed('delta'), phase: 'stuck' }, nothing) // has to be decided: it stays by itself
  expect(shown()).toEqual([
    ['bad start', 'Couldn’t start 3 instances'],
    ['about delta', 'Start “delta”: needs attention'],
  ])
  withdraw('beta', nothing)
  withdraw('alpha', nothing)
  expect(shown()[0]).toEqual(['bad start', 'Couldn’t start “gamma”'])
  withdrawAll()
})

it('a rename’s notice goes with the next job on the new name', () => {
  const target = (name: string) => ({ name, port: 5000, cwd: '/w', script: '/w/it.js' })
  const plan = { before: target('school'), target: target('College'), ran: true, wanted: true }
  tell({ ...failed('school'), kind: 'rename', plan, phase: 'succeeded', turned: undefined }, nothing)
  expect(shown()).toHaveLength(1)
  withdraw('other', nothing)
  expect(shown()).toHaveLength(1)
  withdraw('college', nothing)
  expect(shown()).toEqual([])
})
