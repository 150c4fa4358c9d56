/**
 * Moves PostgreSQL with all its databases to another driver. The new one is created beside the old one; while nobody
 * can write, the databases are copied and compared; then the new one takes over the port. Until the databases are
 * opened, everything can be undone. The old one is kept.
 */
import { moveJob, type MovePlan } from '../../../shared/jobs/move'
import { driverTitle, serviceNames, type ServiceName } from '../../../shared/infrastructure'
import { bytes, duration, enumerate } from '../../../shared/amounts'
import { sizeOf } from '../../../shared/move'
import { problem } from '../../../shared/problem'
import { implement, unchangedSince, type StepActions } from '../../operations/implement'
import type { AnyOperation, Context } from '../../operations/operation'
import type { SettingsFile } from '../../workspace/settings'
import { withConnection } from '../connection'
import type { Driver } from '../drivers/driver'
import { ensurePassword, type SecretStore } from '../secrets'
import { securePostgres } from '../secure'
import { serviceOf } from '../services'
import { driverContext, subjectContradiction } from '../start'
import { startAgain } from '../start-again'
import { stopInstances } from '../stop'
import { analyzeAll } from './analyze'
import { compareAll } from './compare'
import { copyAll, type Ends } from './copy'
import { serverFacts } from './facts'
import { closeDatabases, openDatabases, requireClosed } from './hold'
import type { Moving, MovingServices } from './moving'
import { unmovableProblem } from './refusals'

type Actions = StepActions<MovePlan>
type Moved = Context<MovePlan>

interface Services extends MovingServices {
  readonly moving: Moving
  readonly secrets: SecretStore
  readonly settings: Pick<SettingsFile, 'read' | 'list' | 'change'>
}

export const infrastructureMove = (services: Services): AnyOperation =>
  implement(moveJob, {
    plan: input => services.moving.plan(input),
    adopt: unchangedSince(1),
    contradiction: subjectContradiction,
    steps: {
      'pull-images': pullImages(services),
      'create-cluster': createCluster(services),
      rehearse: rehearse(services),
      'stop-instances': stopInstances(services.infrastructure),
      'stop-pgbouncer': stopPooler(services),
      'close-databases': close(services),
      'copy-databases': copy(services),
      'compare-databases': compare(services),
      'stop-postgres': stopBoth(services),
      'write-settings': writeSettings(services),
      'start-postgres': startNew(services),
      'start-pgbouncer': startPooler(services),
      'open-databases': open(services),
      'start-instances': startInstances(services),
      'analyze-databases': analyze(services),
    },
  })

/** Repeating it is as good as checking whether it is done. */
const again = (): Promise<boolean> => Promise.resolve(false)

/** Creates and starts the new one’s service if necessary: any step may be the first after a reboot. */
async function bringUp(
  { infrastructure }: Services,
  driver: Driver,
  service: ServiceName,
  context: Moved,
): Promise<void> {
  await infrastructure.provision(driver, service, driverContext(context))
  await infrastructure.start(driver, service, driverContext(context))
}

/** It is never created again: if it was removed, that would only give an empty one. */
async function startOld({ infrastructure, sides }: Services, context: Moved): Promise<Ends['old']> {
  const driver = sides.old(context.plan)
  await infrastructure.start(driver, 'postgres', driverContext(context))
  return { driver, admin: await sides.admin(driver) }
}

async function bothUp(services: Services, context: Moved): Promise<Ends> {
  const { sides } = services
  const old = await startOld(services, context)
  const beside = sides.beside(context.plan)
  await bringUp(services, beside, 'postgres', context)
  return {
    old,
    new: { driver: beside, admin: await sides.admin(beside) },
    signal: context.signal,
  }
}

const pullImages = ({ sides }: Services): Actions => ({
  async do(context) {
    const driver = sides.new(context.plan)
    for (const it of serviceNames) await driver.adoptedServices?.pull(serviceOf(it), driverContext(context))
  },
  verify: again,
})

const createCluster = (services: Services): Actions => ({
  async do(context) {
    const { sides, secrets } = services
    const beside = sides.beside(context.plan)
    await beside.data.take(serviceOf('postgres'), context.plan.token)
    await bringUp(services, beside, 'postgres', context)
    const admin = await sides.admin(beside)
    await securePostgres(admin, await ensurePassword(secrets, 'infrastructure.pgbouncer_auth'), { adopted: false })
    requireNotOlder(context.plan, await versionOf(admin))
  },
  verify: again,
  async undo(context) {
    const { infrastructure, sides } = services
    const { plan } = context
    // the place isn't ours, so nothing of ours runs there
    if ((await sides.beside(plan).data.occupant(serviceOf('postgres'), plan.token)) !== undefined) return
    await infrastructure.stop(sides.beside(plan), 'postgres', driverContext(context))
    await sides.beside(plan).data.empty(serviceOf('postgres'), plan.token)
    if (plan.to.driver !== plan.from.driver) await infrastructure.leave(plan.to.driver)
  },
})

const versionOf = (admin: Parameters<typeof withConnection>[0]): Promise<string> =>
  withConnection(admin, async client => {
    const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version') AS version")
    return rows[0]?.version ?? ''
  })

/** @throws Problem `move-older` */
function requireNotOlder({ version }: MovePlan, now: string): void {
  const [from, to] = [version, now].map(it => Number.parseInt(it, 10)) as [number, number]
  if (to >= from) return
  throw problem({
    code: 'move-older',
    message: `The databases of PostgreSQL ${from} can’t be moved to PostgreSQL ${to}.`,
    cause: 'PostgreSQL doesn’t support downgrades to an older major version.',
    hint:
      to === 15
        ? 'The embedded driver has PostgreSQL 15. Keep using containers.'
        : `Choose an image of PostgreSQL ${from} or later in the settings (containers.postgresImage).`,
  })
}

/** These copies are replaced later, because instances keep writing. */
const rehearse = (services: Services): Actions => ({
  async do(context) {
    const begun = performance.now()
    await copyAll(await bothUp(services, context), reportOn(context, 'rehearsed'))
    context.note(
      `The rehearsal took ${duration(performance.now() - begun)}. Instances will be down a little longer than that.`,
    )
  },
  verify: again,
})

const reportOn =
  (context: Moved, what: string) =>
  (done: number, all: number): void =>
    context.report({ fraction: done / all, text: `${done} of ${all} databases ${what}` })

const stopPooler = (services: Services): Actions => ({
  do: context => services.infrastructure.stop(services.sides.old(context.plan), 'pgbouncer', driverContext(context)),
  verify: again,
  // `configured`: the new one may have overwritten its configuration
  undo: context =>
    startAgain(
      services.infrastructure,
      'pgbouncer',
      { ...context, plan: { driver: context.plan.from.driver } },
      'configured',
    ),
})

const close = (services: Services): Actions => ({
  async do(context) {
    const { admin } = await startOld(services, context)
    await services.infrastructure.activity.release()
    await closeDatabases(admin, context.plan.databases, context.signal)
    const { unmovable } = await serverFacts(admin) // only now can nobody add anything
    if (unmovable.length > 0) throw problem(unmovableProblem(unmovable))
  },
  verify: again,
  async undo(context) {
    const { admin } = await startOld(services, context)
    await openDatabases(admin, context.plan.databases, context.signal)
  },
})

const copy = (services: Services): Actions => ({
  async do(context) {
    await copyAll(await bothUp(services, context), reportOn(context, 'copied'))
  },
  verify: again,
})

const compare = (services: Services): Actions => ({
  async do(context) {
    const ends = await bothUp(services, context)
    for (const { database, columns } of await compareAll(ends, reportOn(context, 'compared')))
      context.note(
        `The new PostgreSQL computes generated columns of ${database} differently: ${enumerate(columns)}. The columns they are computed from are the same.`,
      )
    await requireClosed(ends.old.admin, context.plan.databases, context.signal)
  },
  verify: again,
})

const stopBoth = (services: Services): Actions => ({
  async do(context) {
    const { infrastructure, sides } = services
    for (const it of [sides.beside(context.plan), sides.old(context.plan)])
      await infrastructure.stop(it, 'postgres', driverContext(context))
  },
  verify: again,
  undo: async context => void (await startOld(services, context)),
})

const writeSettings = ({ settings }: Services): Actions => ({
  do: ({ plan }) => settings.change(plan.after, { guarded: false }),
  verify: again,
  undo: ({ plan }) => settings.change(plan.before, { guarded: false }),
})

/** The new one in the old one’s place. @throws Problem `data-missing`: an empty one would look like the moved one */
async function takeOver(services: Services, context: Moved): Promise<void> {
  await services.infrastructure.requireData(context.plan.to.driver)
  await bringUp(services, services.sides.new(context.plan), 'postgres', context)
}

const startNew = (services: Services): Actions => ({
  do: context => takeOver(services, context),
  verify: again,
  undo: context => services.infrastructure.stop(services.sides.new(context.plan), 'postgres', driverContext(context)),
})

const startPooler = (services: Services): Actions => ({
  do: context => startAll(services, context),
  verify: again,
  async undo(context) {
    const driver = services.sides.new(context.plan)
    await services.infrastructure.stop(driver, 'pgbouncer', driverContext(context))
    await driver.data.empty(serviceOf('pgbouncer'))
  },
})

async function startAll(services: Services, context: Moved): Promise<void> {
  await takeOver(services, context)
  if (context.plan.pooled.after) await bringUp(services, services.sides.new(context.plan), 'pgbouncer', context)
}

const open = (services: Services): Actions => ({
  async do(context) {
    const { infrastructure, sides, former } = services
    const { plan } = context
    await startAll(services, context)
    const { from, version, databases } = plan
    const left = { driver: from.driver, container: from.container, version, bytes: sizeOf(plan), at: Date.now() }
    if (plan.own) await former.write((await former.read()) ?? left)
    else if (from.driver !== plan.to.driver) await leaveAdopted(services, context)
    await openDatabases(await sides.admin(sides.new(plan)), databases, context.signal)
    await infrastructure.wanted.set(['postgres', ...(plan.pooled.after ? (['pgbouncer'] as const) : [])], true)
    infrastructure.rulesChanged()
    await infrastructure.healPools()
    context.note(
      `The old PostgreSQL (${version}, ${bytes(left.bytes)}) is kept under ${driverTitle[from.driver]}, stopped, with its databases closed. ${plan.own ? 'To remove it: “instance-manager infra remove-old”.' : 'It was created elsewhere.'}`,
    )
  },
  verify: again,
})

/** Nothing of ours stays where PostgreSQL was created elsewhere, not even a PgBouncer that hardening put there. */
async function leaveAdopted({ infrastructure, sides }: Services, { plan }: Moved): Promise<void> {
  const { adoptedServices, data } = sides.old(plan)
  const pgbouncer = serviceOf('pgbouncer')
  if ((await adoptedServices?.find(pgbouncer)) === undefined) await data.empty(pgbouncer)
  await infrastructure.leave(plan.from.driver)
}

const startInstances = (services: Services): Actions => ({
  async do(context) {
    await startAll(services, context)
    await stopInstances<MovePlan>(services.infrastructure).undo(context)
  },
  verify: again,
})

const analyze = (services: Services): Actions => ({
  async do(context) {
    await startAll(services, context)
    const { plan, signal, note } = context
    const admin = await services.sides.admin(services.sides.new(plan))
    const left = await analyzeAll(admin, plan.databases, signal, reportOn(context, 'analyzed'))
    for (const { database, why } of left)
      note(`${database} was analyzed only in part: ${why}. PostgreSQL does the rest by itself, later.`)
  },
  verify: again,
})
