/** What the infrastructure does to the instances when it starts and stops. */
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Tenants } from '../infrastructure/tenants'
import type { SchemaRoom } from '../schema/room'
import { toProblem } from '../../shared/problem'
import { nameSchema } from '../../shared/instance'
import { instanceFolders } from './configs'
import { poolSizes, usedTogether } from './connection-use'
import { healRunning } from './heal-running'
import { startAgain, stopTarget } from './lifecycle/process-steps'
import { urlsIn } from './pooled'
import { runningInstances } from './running'
import { findInstance, isOnline, type LifecycleServices } from './lifecycle/target'

export function serveTenants(
  infrastructure: Pick<Infrastructure, 'serve'>,
  services: LifecycleServices & { readonly schema: Pick<SchemaRoom, 'dropLeft'> },
): void {
  const { paths, configs, ownership, schema } = services
  const tenants: Tenants = {
    any: async () => (await instanceFolders(paths)).length > 0,
    connections: settings => usedTogether(services, settings),
    pools: async () => poolSizes(await configs()),
    async secured() {
      await ownership.claim(await configs())
      await schema.dropLeft()
    },
    heal: () => healRunning(services),
    running: () => runningInstances(services),
    async databases() {
      const found = await configs()
      return found.configs
        .filter(it => !found.foreign.has(it.name))
        .map(({ name, database }) => ({ instance: name, database: database.name, role: database.user }))
    },
    async logins() {
      const { taken, foreign, serverOf } = await configs()
      return await Promise.all(
        taken
          .filter(it => nameSchema.safeParse(it).success && !foreign.has(it))
          .map(async name => ({ name, urls: await urlsIn(serverOf(name)) })),
      )
    },
    stop: async name => stopTarget(services, (await findInstance(services, name)).target),
    async startAgain(name, context) {
      try {
        const { target } = await findInstance(services, name)
        await startAgain(services, target, context)
        return await isOnline(services, target)
      } catch (error) {
        context.report({ text: toProblem(error).message })
        return false
      }
    },
  }
  infrastructure.serve(tenants)
}
