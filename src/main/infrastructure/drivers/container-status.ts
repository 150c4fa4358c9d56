/** The status of services in containers. */
import type { ServiceState, ServiceStatus } from '../../../shared/infrastructure'
import { ProblemError, toProblem, type Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { isRefused } from '../connection'
import type { SecretStore } from '../secrets'
import { probe, type Service } from '../services/service'
import { isAdopted, publishedBy, requirePort, type Containers } from './containers'
import { byName, type DriverStatus } from './driver'
import type { Container } from './container-inspect'
import { lingerWarning } from './linger'
import { notAdopted, serviceSlow } from './problems'

interface LookServices {
  readonly containers: Containers
  readonly settings: Settings
  readonly secrets: SecretStore
  /** Whether containers outlive the user's last session anyway. */
  readonly lingering: boolean
}

interface Found {
  readonly service: Service
  readonly container: Container | undefined
}

export async function lookAtContainers(all: readonly Service[], services: LookServices): Promise<DriverStatus> {
  const { containers, settings } = services
  try {
    const present = await containers.look(all.map(it => it.container.of(settings).name))
    const found = all.map((service, index): Found => ({ service, container: present[index] }))
    const looks = new Map<Service, Promise<ServiceStatus>>()
    for (const it of found)
      looks.set(
        it.service,
        statusOf(it, services, async () => {
          const needed = await Promise.all(it.service.needs.flatMap(one => looks.get(one) ?? []))
          return needed.map(status => status.state)
        }),
      )
    const statuses = await Promise.all(looks.values())
    const pids = found.flatMap(it => it.container?.pid ?? [])
    const dataFolder = found.map(dataOf).find(it => it !== undefined)
    return {
      services: byName(statuses),
      adopted: new Set(found.flatMap(it => (it.container && isAdopted(it.container) ? it.service.name : []))),
      warnings: await warningsOf(found, services),
      dataFolder,
      ...(pids.length === all.length && statuses.every(it => it.state === 'running') && { alive: pids }),
    }
  } catch (error) {
    const failed = all.map((it): ServiceStatus => ({
      name: it.name,
      state: 'failed',
      port: it.port(settings),
      problem: toProblem(error),
    }))
    return { services: byName(failed), warnings: [] }
  }
}

/** Where its data is on this machine. */
function dataOf({ service: { container: recipe }, container }: Found): string | undefined {
  const { data } = recipe
  return data === undefined ? undefined : container?.mounts.find(it => it.inside.startsWith(data))?.from
}

async function statusOf(
  { service, container }: Found,
  { containers, settings, secrets }: LookServices,
  needed: () => Promise<readonly ServiceState[]>,
): Promise<ServiceStatus> {
  const port = service.port(settings)
  const is = (state: ServiceState, more: Partial<ServiceStatus> = {}): ServiceStatus => ({
    name: service.name,
    state,
    port,
    ...more,
  })
  if (!container) return is('absent')
  try {
    await containers.requireOwn(`container ${service.container.of(settings).name}`, container)
    if (!container.running) return is('stopped')
    requirePort(service, container, settings)
  } catch (error) {
    return is('failed', { problem: toProblem(error) })
  }
  const adopted = isAdopted(container)
  try {
    const found = await service.look({ server: { port, adopted }, secrets, needed })
    return found === 'not-adopted' ? is(found, { problem: notAdopted(service) }) : is('running', found)
  } catch (error) {
    if (adopted && isRefused(error)) return is('not-adopted', { problem: notAdopted(service) })
    if (error instanceof ProblemError) return is('failed', { problem: error.problem })
    return is('starting', { problem: serviceSlow(service, probe.connect / 1000, '', error).problem })
  }
}

async function warningsOf(found: readonly Found[], { lingering }: LookServices): Promise<readonly Problem[]> {
  // hardening is for the data's service, and replaces the others
  const canHarden = found.some(it => it.service.container.data !== undefined && it.container && isAdopted(it.container))
  const open = found
    .filter(
      ({ service, container }) =>
        container && publishedBy(container, service).some(one => !one.address.startsWith('127.')),
    )
    .map(({ service }): Problem => ({
      code: 'port-open-to-network',
      message: `${service.title} can be reached from the network, not only from this machine.`,
      cause: 'Its container publishes the port on all addresses.',
      ...(canHarden && service.container.data === undefined
        ? { hint: 'It was created elsewhere and is used as it is. Hardening replaces it.', action: 'harden' }
        : {
            hint: 'It was created elsewhere and is used as it is. Recreate it with 127.0.0.1 before the port, or close the port in the firewall.',
          }),
    }))
  const runs = found.some(it => it.container?.running)
  const ending = runs && !lingering ? await lingerWarning() : undefined
  return ending ? [...open, ending] : open
}
