/** The instances that run. */
import { instancePorts, type LifecycleServices } from './lifecycle/target'

/** Those of this workspace, not copies of another's. */
export async function runningInstances(
  services: Pick<LifecycleServices, 'paths' | 'configs' | 'processes' | 'ownership'>,
): Promise<{ readonly name: string; readonly port: number }[]> {
  const found = await services.configs()
  const [all, elsewhere] = await Promise.all([
    instancePorts(services),
    services.ownership.runningElsewhere(found.configs, found.manifest), // one look at all processes
  ])
  return all
    .filter(it => it.running && !found.foreign.has(it.name) && !elsewhere.has(it.name))
    .map(({ name, port }) => ({ name, port }))
}
