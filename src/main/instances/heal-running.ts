/** Heals the pools of running instances after PostgreSQL and PgBouncer have started. */
import { mapLimited } from '../system/map-limited'
import { instancePorts } from './lifecycle/target'
import type { InstancePools } from './pooled'

/** Logins at a time; a hundred at once is what the pools are there to prevent. */
const atOnce = 8

/** Afterwards PgBouncer no longer refuses running instances because PostgreSQL was down. */
export async function healRunning({
  pools,
  ...services
}: Parameters<typeof instancePorts>[0] & { readonly pools: InstancePools }): Promise<void> {
  const [running, { serverOf }] = [(await instancePorts(services)).filter(it => it.running), await services.configs()]
  await mapLimited(running, atOnce, ({ name }) => pools.heal({ name, cwd: serverOf(name) }))
}
