/**
 * Killed with -9 while PostgreSQL moves to another driver, the move is finished at the next opening. Cancelled, or
 * failed, everything is as it was, and nothing new is left. In both cases the data is the same.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DriverKind } from '../../src/shared/infrastructure'
import { moveJob, removeFormerJob } from '../../src/shared/jobs/move'
import { dumpOf } from '../support/dump'
import type { Moment } from '../support/faults'
import { expectNoTrap, kept, layOutTenant, stopContainers, type Tenant } from '../support/moved'
import { podmanForTests } from '../support/podman/podman'
import { describeWhere } from '../support/requires'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { crash, killedAndFinished, recover, startChild } from './crash'

const podman = await podmanForTests()

const steps = Object.keys(moveJob.steps)
/** The steps before the pivot. */
const undoable = steps.slice(0, steps.indexOf(moveJob.pivot ?? ''))

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('moving PostgreSQL', () => {
  let workspace: TestWorkspace
  let tenant: Tenant
  let before: { readonly kept: Awaited<ReturnType<typeof kept>>; readonly dump: string }

  const other = async (): Promise<DriverKind> =>
    (await workspace.services.infrastructure.kind()) === 'embedded' ? 'podman' : 'embedded'
  const run = async (kind: string, input: object = {}) =>
    mustSucceed(await workspace.services.operations.settled(await workspace.services.operations.start(kind, input)))
  const whole = async () => ({ kept: await kept(workspace), dump: await dumpOf(workspace, tenant.database) })
  /** What it has, and whether it serves it. */
  const outcome = async () => {
    const { driver, postgres, pgbouncer } = await workspace.services.infrastructure.status()
    await expectNoTrap(workspace)
    await until(async () =>
      (await workspace.services.instances.registry.list()).instances.some(
        found => found.name === 'busy' && found.status === 'online',
      ),
    )
    const seen = await tenant.query('SELECT count(*)::int AS all FROM seen')
    return { driver, states: [postgres.state, pgbouncer.state], seen, ...(await whole()) }
  }
  const wholeUnder = (driver: DriverKind) => ({
    driver,
    states: ['running', 'running'],
    seen: [{ all: 1715 }],
    ...before,
  })

  beforeAll(async () => {
    const images = 'images' in podman ? podman.images : { postgres: '', pgbouncer: '' }
    workspace = await testWorkspace({ images, engines: ['podman'], prepare: makeTiny })
    await workspace.open()
    await workspace.startInfrastructure()
    mustSucceed(await workspace.create({ name: 'busy' }))
    tenant = await layOutTenant(workspace, 'Old-one')
    before = await whole()
  })
  afterAll(() => workspace.remove())

  // Each takes two moves' time, so a step that was only begun is tried once.
  it.each([
    ...steps.map((step): Moment => ({ at: 'before', what: `done ${step}` })),
    { at: 'after', what: 'doing open-databases' } as const,
  ])('killed $at $what: it is finished', async moment => {
    let to = await other()
    if (to === 'embedded' && moment.what.endsWith('pull-images')) {
      // only a move into containers has this step
      await run(moveJob.kind, { driver: to })
      await run(removeFormerJob.kind)
      to = await other()
    }
    await killedAndFinished(workspace, moveJob.kind, { driver: to }, moment)
    expect(await outcome()).toEqual(wholeUnder(to))
    await run(removeFormerJob.kind)
    expect(await outcome()).toEqual(wholeUnder(to))
  })

  it.each(
    undoable.filter((_, index) => index % 2 === 1).map((step): Moment => ({ at: 'before', what: `done ${step}` })),
  )('cancelled $at $what: everything is as it was', async cancelAt => {
    const to = await other()
    if (to === 'embedded' && cancelAt.what.endsWith('pull-images')) return
    const from = await workspace.services.infrastructure.kind()
    await workspace.close()
    const { all } = await startChild(workspace, { run: [[moveJob.kind, { driver: to }]], cancelAt })
    expect(all).toContain('infrastructure-move rolled-back')
    await workspace.open()
    expect(await outcome()).toEqual(wholeUnder(from))
    expect((await workspace.services.moving.review({ driver: to })).refused).toEqual([])
  })

  it.each<Moment>([
    { at: 'before', what: 'done copy-databases' },
    { at: 'before', what: 'done write-settings' },
    { at: 'before', what: 'done open-databases' },
  ])('the power is cut $at $what: it is finished', async killAt => {
    const to = await other()
    await workspace.close()
    await crash(workspace, { run: [[moveJob.kind, { driver: to }]], killAt })
    await workspace.killInfrastructure()
    await stopContainers(workspace)
    const [state] = await recover(workspace)
    expect(state).toMatchObject({ phase: 'succeeded' })
    expect(await outcome()).toEqual(wholeUnder(to))
    await run(removeFormerJob.kind)
  })

  it.each<Moment>([
    { at: 'after', what: 'undoing start-pgbouncer' },
    { at: 'after', what: 'undoing write-settings' },
    { at: 'after', what: 'undoing close-databases' },
    { at: 'after', what: 'undoing create-cluster' },
  ])('cancelled late, and killed $at $what: everything is as it was', async killAt => {
    const [from, to] = [await workspace.services.infrastructure.kind(), await other()]
    await workspace.close()
    const cancelAt: Moment = { at: 'before', what: 'done start-pgbouncer' }
    await crash(workspace, { run: [[moveJob.kind, { driver: to }]], cancelAt, killAt })
    const [state] = await recover(workspace)
    expect(state).toMatchObject({ phase: 'rolled-back' })
    expect(await outcome()).toEqual(wholeUnder(from))
    expect((await workspace.services.moving.review({ driver: to })).refused).toEqual([])
  })
})
