/**
 * Changes the configuration of PostgreSQL or PgBouncer, and restarts them if necessary. If one doesn't come up with the
 * new settings, the old ones are put back and it is started with those.
 */
import { freemem, totalmem } from 'node:os'
import type { z } from 'zod'
import { bytes } from '../../shared/amounts'
import { serviceNames, serviceTitle, type ServiceName } from '../../shared/infrastructure'
import { infrastructureSettingsJob, type InfrastructureSettingsPlan } from '../../shared/jobs/infrastructure'
import { problem } from '../../shared/problem'
import { invalid, serviceSettings } from '../../shared/setting-list'
import type { Settings } from '../../shared/settings'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { SettingsFile } from '../workspace/settings'
import type { Infrastructure } from './infrastructure'
import { engineConnections } from './limits'
import { bringUpSteps, driverContext, ranIn, subjectContradiction } from './start'
import { startAgain } from './start-again'
import { stopPostgresToRestart, stopService } from './stop'

interface SettingServices {
  readonly infrastructure: Infrastructure
  readonly settings: SettingsFile
}

type SettingStep = StepActions<InfrastructureSettingsPlan>

export const settingsChange = (services: SettingServices): AnyOperation => {
  const bringUp = bringUpSteps<InfrastructureSettingsPlan>(services.infrastructure)
  // A service that runs may still have its old configuration.
  const always = (step: SettingStep): SettingStep => ({ ...step, verify: () => Promise.resolve(false) })
  return implement(infrastructureSettingsJob, {
    plan: input => planChange(services, input),
    contradiction: subjectContradiction,
    steps: {
      'stop-pgbouncer': stop(services, 'pgbouncer', stopService(services.infrastructure, 'pgbouncer')),
      'stop-postgres': stop(services, 'postgres', stopPostgresToRestart(services.infrastructure)),
      'write-settings': writeSettings(services),
      'provision-postgres': always(configure(services, 'postgres', bringUp['provision-postgres'])),
      'start-postgres': always(bringUp['start-postgres']),
      'secure-postgres': bringUp['secure-postgres'],
      'provision-pgbouncer': always(configure(services, 'pgbouncer', bringUp['provision-pgbouncer'])),
      'start-pgbouncer': always(bringUp['start-pgbouncer']),
    },
  })
}

/** @throws Problem `input`, `settings-same`, `settings-adopted`, `settings-memory`, `settings-connections` */
async function planChange(
  services: SettingServices,
  { service, values }: z.output<typeof infrastructureSettingsJob.input>,
): Promise<InfrastructureSettingsPlan> {
  const { infrastructure, settings } = services
  const its = serviceSettings(service)
  for (const [key, value] of Object.entries(values)) requireValid(service, key, value)
  const states = await settings.list()
  const own = (key: string): number | null => {
    const state = states.find(it => it.key === key)
    return state?.origin === 'workspace' ? Number(state.value) : null
  }
  const changed = its.filter(({ key }) => values[key] !== undefined && values[key] !== own(key))
  if (changed.length === 0)
    throw problem({
      code: 'settings-same',
      message: `${serviceTitle[service]} already has these settings.`,
      hint: 'Change one first.',
    })
  await requireOwn(infrastructure, service)
  const after = Object.fromEntries(changed.map(({ key }) => [key, values[key] ?? null]))
  await requireRoom(services, await settings.read(), await settings.with(after))
  const ran = ranIn(await infrastructure.status())
  const restarts = serviceNames.filter(it => ran[it] && changed.some(of => of.service?.restarts.includes(it)))
  // One that has crashed may be restarted with the configuration that it has.
  const crashed = !ran[service] && (await infrastructure.wanted.has(service))
  return {
    driver: await infrastructure.kind(),
    of: service,
    services: serviceNames.filter(
      it => (it === service && crashed) || (ran[it] && (it === service || restarts.includes(it))),
    ),
    restarts,
    ran,
    before: Object.fromEntries(changed.map(({ key }) => [key, own(key)])),
    after,
  }
}

function requireValid(service: ServiceName, key: string, value: number | null): void {
  const setting = serviceSettings(service).find(it => it.key === key)
  const wrong = setting
    ? value !== null && invalid(setting, value)
    : `${serviceTitle[service]} has no setting “${key}”.`
  if (wrong) throw problem({ code: 'input', message: wrong, field: key, hint: 'Correct it, then try again.' })
}

async function requireOwn(infrastructure: Infrastructure, service: ServiceName): Promise<void> {
  const { adopted } = await infrastructure.machine()
  if (!adopted.includes(service)) return
  throw problem({
    code: 'settings-adopted',
    message: `${serviceTitle[service]}’s settings can’t be changed here.`,
    cause: 'Its container was created elsewhere, so its configuration is left as it is.',
    hint: 'Change them in its own configuration, then restart it.',
  })
}

/**
 * The machine must have the memory, and running instances must still get their connections. Where either is lacking
 * already, it may be improved step by step.
 */
async function requireRoom(
  { infrastructure: { tenants } }: SettingServices,
  present: Settings,
  wanted: Settings,
): Promise<void> {
  const { maxConnections, sharedBuffersMB } = wanted.postgres
  if (sharedBuffersMB * 2 ** 20 > totalmem() / 2 && sharedBuffersMB > present.postgres.sharedBuffersMB)
    throw problem({
      code: 'settings-memory',
      field: 'postgres.sharedBuffersMB',
      message: `Shared buffers of ${sharedBuffersMB} MB are more than half of this machine’s memory.`,
      cause: `It has ${bytes(totalmem())}, of which ${bytes(freemem())} is free. The instances need memory too.`,
      hint: 'Choose a smaller value. A quarter of the memory is plenty.',
    })
  const used = await tenants.connections(wanted)
  const lacking = used - (maxConnections - engineConnections)
  const lackingNow = (await tenants.connections(present)) - (present.postgres.maxConnections - engineConnections)
  if (lacking <= Math.max(0, lackingNow)) return
  throw problem({
    code: 'settings-connections',
    field: 'postgres.maxConnections',
    message: `Together, running instances could use ${used} connections, but PostgreSQL would have only ${maxConnections - engineConnections} for them.`,
    hint: 'Allow more connections, make pools smaller, or stop some instances.',
  })
}

/** Someone may have started it since our stop, e.g. before we continue after a crash. Only a start applies everything. */
const configure = ({ infrastructure }: SettingServices, service: ServiceName, step: SettingStep): SettingStep => ({
  ...step,
  async do(context) {
    const { driver, restarts } = context.plan
    if (restarts.includes(service)) await infrastructure.stop(driver, service, driverContext(context))
    await step.do(context)
  },
})

/** Undone once the old settings are recorded again, so it starts with those. */
const stop = ({ infrastructure }: SettingServices, service: ServiceName, step: SettingStep): SettingStep => ({
  ...step,
  async undo(context) {
    if (!context.plan.ran[service]) return
    // It may be running with the new settings.
    await infrastructure.stop(context.plan.driver, service, driverContext(context))
    await startAgain(infrastructure, service, context, 'configured')
  },
})

const writeSettings = ({ infrastructure, settings }: SettingServices): SettingStep => ({
  async do({ plan: { after, of, ran }, note }) {
    await settings.change(after)
    if (!ran[of]) note(`${serviceTitle[of]} isn’t running. The change takes effect when it starts.`)
  },
  verify: () => Promise.resolve(false), // writing them again costs nothing
  async undo(context) {
    const { before, services, restarts } = context.plan
    await settings.change(before)
    for (const it of services.filter(name => !restarts.includes(name)))
      await startAgain(infrastructure, it, context, 'configured')
  },
})
