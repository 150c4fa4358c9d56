/** After PostgreSQL and PgBouncer were started: the pools of what runs. */
import { mapLimited } from '../system/map-limited'
import { whoRuns } from './lifecycle/target'
import type { InstancePools } from './pooled'

/** Logins at a time; a hundred at once would be what the pools are there to prevent. */
const atOnce = 8

/** PgBouncer refuses no instance that runs any more for what was while PostgreSQL was down. */
export async function healRunning({
  pools,
  ...services
}: Parameters<typeof whoRuns>[0] & { readonly pools: InstancePools }): Promise<void> {
  const [running, { serverOf }] = [(await whoRuns(services)).filter(it => it.running), await services.configs()]
  await mapLimited(running, atOnce, ({ name }) => pools.heal({ name, cwd: serverOf(name) }))
}
