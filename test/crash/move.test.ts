/**
 * Killed with -9 while PostgreSQL moves to another driver, the move is finished at the next opening. Cancelled, or
 * failed, everything is as it was, and nothing new is left. In both cases the data is the same.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DriverKind } from '../../src/shared/infrastructure'
import { moveJob, removeFormerJob } from '../../src/shared/jobs/move'
import { dumpOf } from '../support/dump'
import { armFaults, type Moment } from '../support/faults'
import { expectNoTrap, kept, layOutTenant, stopContainers, type Tenant } from '../support/moved'
import { podmanForTests } from '../support/podman/podman'
import { describeWhere } from '../support/requires'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { crash, recover } from './crash'

const podman = await podmanForTests()

const steps = Object.keys(moveJob.steps)

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('moving PostgreSQL', () => {
  let workspace: TestWorkspace
  let tenant: Tenant
  let before: { readonly kept: Awaited<ReturnType<typeof kept>>; readonly dump: string }

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

  /** Each process continues where the one before was killed. @returns how the operation ended */
  const killedAtEach = async (
    order: Pick<Parameters<typeof crash>[1], 'run' | 'cancelAt'>,
    moments: readonly Moment[],
    afterEach: () => Promise<void> = () => Promise.resolve(),
  ) => {
    await workspace.close()
    for (const [index, killAt] of moments.entries()) {
      await crash(workspace, index === 0 ? { ...order, killAt } : { killAt })
      await afterEach()
    }
    const [state] = await recover(workspace)
    return { phase: state?.phase, turned: state?.turned?.reason }
  }
  const beforeDone = (step: string): Moment => ({ at: 'before', what: `done ${step}` })
  /** Every second step: each kill is followed by a step that runs undisturbed. */
  const everySecond = (from: number) => steps.filter((_, index) => index % 2 === from).map(beforeDone)

  it.each<{ readonly to: DriverKind; readonly moments: readonly Moment[] }>([
    { to: 'podman', moments: everySecond(0) }, // only a move into containers pulls images
    { to: 'embedded', moments: everySecond(1).toSpliced(-1, 0, { at: 'after', what: 'doing open-databases' }) },
  ])('killed in every second step on its way to $to: it is finished', async ({ to, moments }) => {
    const ended = await killedAtEach({ run: [[moveJob.kind, { driver: to }]] }, moments)
    expect(ended).toEqual({ phase: 'succeeded', turned: undefined })
    expect(await outcome()).toEqual(wholeUnder(to))
    await run(removeFormerJob.kind)
    expect(await outcome()).toEqual(wholeUnder(to))
  })

  it.each(['create-cluster', 'stop-instances', 'close-databases', 'write-settings'].map(beforeDone))(
    'cancelled $at $what: everything is as it was',
    async moment => {
      const { operations, moving } = workspace.services
      const disarm = await armFaults([moment], () => operations.cancel(id))
      const id = await operations.start(moveJob.kind, { driver: 'podman' })
      expect((await operations.settled(id)).phase).toBe('rolled-back')
      disarm()
      expect(await outcome()).toEqual(wholeUnder('embedded'))
      expect((await moving.review({ driver: 'podman' })).refused).toEqual([])
    },
  )

  it('the power is cut again and again: it is finished', async () => {
    const moments = ['copy-databases', 'write-settings', 'open-databases'].map(beforeDone)
    const ended = await killedAtEach({ run: [[moveJob.kind, { driver: 'podman' }]] }, moments, async () => {
      await workspace.killInfrastructure()
      await stopContainers(workspace)
    })
    expect(ended).toEqual({ phase: 'succeeded', turned: undefined })
    expect(await outcome()).toEqual(wholeUnder('podman'))
    await run(removeFormerJob.kind)
  })

  it('cancelled late, and killed again and again while it is undone: everything is as it was', async () => {
    const moments = ['start-pgbouncer', 'write-settings', 'close-databases', 'create-cluster'].map((step): Moment => ({
      at: 'after',
      what: `undoing ${step}`,
    }))
    const order = { run: [[moveJob.kind, { driver: 'embedded' }]] as const, cancelAt: beforeDone('start-pgbouncer') }
    expect(await killedAtEach(order, moments)).toEqual({ phase: 'rolled-back', turned: 'cancelled' })
    expect(await outcome()).toEqual(wholeUnder('podman'))
    expect((await workspace.services.moving.review({ driver: 'embedded' })).refused).toEqual([])
  })
})
