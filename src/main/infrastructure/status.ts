/** The services' status: what their driver finds, seen in the light of our own work in progress. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FormerPostgres, InfrastructureStatus, ServiceName, ServiceStatus } from '../../shared/infrastructure'
import type { Problem } from '../../shared/problem'
import { runsNow } from '../system/proc'
import type { Driver, DriverStatus } from './drivers/driver'
import { orGone } from './gone'
import type { RuleWarnings } from './rule-warnings'
import { serviceOf } from './services'
import type { Tenants } from './tenants'
import type { Wanted } from './wanted'

export interface StatusSources {
  readonly driver: Driver
  readonly tenants: Tenants
  readonly wanted: Wanted
  readonly former: { read(): Promise<FormerPostgres | undefined> }
  /** Whether an operation may be replacing the services. */
  readonly changing: () => boolean
  readonly missingData: () => Promise<Problem | undefined>
  /** The driver's finding as it is shown while we start, stop or restart the service. */
  readonly shown: (found: ServiceStatus) => ServiceStatus
  readonly ruleWarnings: RuleWarnings
}

/** Takes at most 3 s. @returns also the driver's own findings */
export async function statusOf(
  sources: StatusSources,
): Promise<{ readonly status: InfrastructureStatus; readonly found: DriverStatus }> {
  const { driver, tenants, wanted, ruleWarnings } = sources
  const [found, used, wishes, former] = await Promise.all([
    driver.status(),
    tenants.any(),
    wanted.read(),
    sources.former.read(),
  ])
  const changing = sources.changing()
  const missing =
    !changing && found.services.postgres.state === 'absent'
      ? await sources.missingData().catch(() => undefined)
      : undefined
  const shown = (name: ServiceName): ServiceStatus => {
    const status = sources.shown(found.services[name])
    if (changing && status.problem?.code === 'queries-held') return { name, state: 'running', port: status.port }
    if (name === 'postgres' && missing) return { ...status, state: 'failed', problem: missing }
    return !changing && wishes?.wanted.includes(name) ? orGone(status, driver.kind, serviceOf(name)) : status
  }
  const [postgres, pgbouncer] = [shown('postgres'), shown('pgbouncer')]
  const status: InfrastructureStatus = {
    driver: driver.kind,
    postgres,
    pgbouncer,
    adopted: [...(found.adopted ?? [])],
    pooled: pgbouncer.state !== 'unavailable',
    warnings: [...found.warnings, ...(await ruleWarnings.of(driver.kind, postgres))],
    canChangeDriver: !used,
    instances: wishes?.instances ?? [],
    former,
  }
  return { status, found }
}

/** Milliseconds between checks while someone is watching, and between full checks while all processes live. */
const watchInterval = 2000
const calmInterval = 10_000

/** Waits until another full check is due: soon, unless all running processes live on. */
export async function due(alive: DriverStatus['alive'], signal: AbortSignal): Promise<void> {
  for (let passed = 0; passed < calmInterval; passed += watchInterval) {
    await sleep(watchInterval, undefined, { signal }).catch(() => undefined)
    if (signal.aborted || !alive?.every(runsNow)) return
  }
}
