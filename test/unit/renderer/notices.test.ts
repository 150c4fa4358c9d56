/** Notices about operations, in the library's own store. */
import { notificationsStore } from '@mantine/notifications'
import { expect, it } from 'vitest'
import { tell, withdrawAll } from '../../../src/renderer/src/operations/notices'
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

it('say nothing about a workspace that is no longer open', () => {
  const shown = () => notificationsStore.getState().notifications.map(it => it.id)
  tell(failed('alpha'), () => undefined)
  tell(failed('beta'), () => undefined)
  expect(shown()).toEqual(['about alpha', 'about beta'])
  withdrawAll()
  expect(shown()).toEqual([])
  tell(failed('alpha'), () => undefined) // of the next workspace: it is not counted with the old ones
  expect(shown()).toEqual(['about alpha'])
  withdrawAll()
})
