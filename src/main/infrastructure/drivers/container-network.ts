/** The network that a service's container shares with those it needs, and their addresses there. */
import { problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import type { Service } from '../services/service'
import { isAdopted } from './containers'
import type { ContainerEngine } from './container-engine'

export interface ContainerNetwork {
  readonly name: string
  /** The address of the service's container; absent in a network that isn't ours, where the engine picks one. */
  readonly own?: string
  addressOf(service: Service): string
}

/**
 * Our own network has fixed addresses. If a service needs an adopted container, it joins that container's network,
 * where addresses change at every start, and finds it by its name, if that is possible there.
 * @throws Problems `adopted-without-network`, `no-subnet`
 */
export async function networkFor(
  engine: ContainerEngine,
  service: Service,
  settings: Settings,
  signal: AbortSignal,
): Promise<ContainerNetwork> {
  for (const needed of service.needs) {
    const { name } = needed.container.of(settings)
    const container = await engine.container(name)
    if (!container || !isAdopted(container)) continue
    const [network] = container.networks
    if (network) return { name: network.name, addressOf: () => (hasNames(network.name) ? name : network.address) }
    throw problem({
      code: 'adopted-without-network',
      message: `${service.title} can’t reach the adopted container ${name}.`,
      cause: `It isn’t running, or isn’t in a network that ${service.title} could join.`,
      hint: `Start it, or connect it to a network: “${engine.name} network connect”.`,
    })
  }
  const name = networkOf(service, settings)
  const [a = 10, b = 0, c = 0, d = 0] = (await engine.network(name, { signal })).split(/[./]/).map(Number)
  const addressOf = ({ container }: Service): string => `${a}.${b}.${c}.${d + container.address}`
  return { name, own: addressOf(service), addressOf }
}

/** The name of our own network for a service and those it needs. */
export function networkOf(service: Service, settings: Settings): string {
  const first = service.needs[0] ?? service
  return `instance-manager-${first.container.of(settings).name}`
}

/** The engines' default networks have no names: Podman's, Docker's. */
const hasNames = (network: string): boolean => !['podman', 'bridge'].includes(network)
