/**
 * A creation that is cancelled at every moment, and one whose undoing is itself killed at every moment: *before*, each
 * time.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isOpen } from '../../src/shared/operation'
import { makeQuick } from '../support/quick-base'
import { testWorkspace, type TestWorkspace } from '../support/workspace'
import type { World } from '../support/world'
import { crash, creating, expectBefore, makeKeeper, recover, startChild, steps } from './crash'
import { armFaults, type Moment } from '../support/faults'

let workspace: TestWorkspace
let before: World

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeQuick, prepared: 'quick' })
  before = await makeKeeper(workspace)
})
afterAll(() => workspace.remove())

describe('cancelled, a creation leaves nothing', () => {
  it.each<Moment>(
    steps.flatMap((step): Moment[] => [
      { at: 'after', what: `doing ${step}` },
      { at: 'before', what: `done ${step}` },
    ]),
  )('$at $what', async moment => {
    const { operations } = workspace.services
    const disarm = await armFaults([moment], () => {
      for (const { id } of operations.list().filter(isOpen)) operations.cancel(id)
    })
    try {
      expect(await workspace.create({ name: 'cancelled' })).toMatchObject({
        phase: 'rolled-back',
        turned: { reason: 'cancelled' },
      })
    } finally {
      disarm()
    }
    await expectBefore(workspace, before)
  })

  it('cancelled too late, it stays', async () => {
    const { operations } = workspace.services
    let refused: unknown
    const disarm = await armFaults([{ at: 'before', what: 'settled' }], () => {
      for (const { id } of operations.list().filter(isOpen))
        try {
          operations.cancel(id)
        } catch (error) {
          refused = error
        }
    })
    try {
      expect((await workspace.create({ name: 'late' })).phase).toBe('succeeded')
      expect(refused).toMatchObject({ problem: { code: 'operation-settled' } })
    } finally {
      disarm()
    }
    for (const { id } of operations.list()) await workspace.services.instances.takePassword(id)
    await workspace.discard('late')
    await expectBefore(workspace, before)
  })
})

it('undoing that is killed at every one of its moments goes on to its end', async () => {
  await workspace.close()
  const moments: Moment[] = [
    { at: 'after', what: 'turned' },
    ...steps.toReversed().flatMap((step): Moment[] => [
      { at: 'before', what: `undone ${step}` },
      { at: 'after', what: `undone ${step}` },
    ]),
    { at: 'before', what: 'settled' },
  ]
  const [first, ...others] = moments
  const cancelAt: Moment = { at: 'before', what: `done ${steps.at(-1)}` }
  await crash(workspace, { ...creating('often-dead'), cancelAt, killAt: first })
  for (const killAt of others) await crash(workspace, { killAt })
  const [state] = await recover(workspace)
  expect(state).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
  await expectBefore(workspace, before)
  await workspace.close()
  expect(await startChild(workspace, {})).toMatchObject({ exitCode: 0 }) // and it stays so
})
