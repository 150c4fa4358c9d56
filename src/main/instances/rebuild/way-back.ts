/** What a rollback would do to the database. Only reads the instance's folder. */
import type { WayBack } from '../../../shared/schema'
import { findInstance, type LifecycleServices } from '../lifecycle/target'
import { readMove } from './schema-move'

/** @throws Problem `instance-unknown`, `file-corrupt` */
export async function wayBack(services: Pick<LifecycleServices, 'paths' | 'configs'>, name: string): Promise<WayBack> {
  const { paths } = await findInstance(services, name)
  const came = await readMove(paths.slots.previous)
  if (!came) return {}
  const to = came.direction === 'forward' ? 'old' : 'new'
  // what going forward again does wasn't rehearsed: the operation tries it on a copy
  return { schema: { to, limits: to === 'old' ? came.rollback.limits : [] } }
}
