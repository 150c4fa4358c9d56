/** What a rollback would do to the database. Only reads the instance's folder. */
import type { InstanceConfig } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { WayBack } from '../../../shared/schema'
import { existsItself } from '../../system/files'
import type { InstancePaths } from '../../workspace/paths'
import { findInstance, type LifecycleServices } from '../lifecycle/target'
import { releasedBefore } from './exchange'
import { readMove } from './schema-move'

/** @throws Problem `no-previous-code` */
export async function requirePrevious(
  { name, previous }: Pick<InstanceConfig, 'name' | 'previous'>,
  paths: InstancePaths,
): Promise<NonNullable<InstanceConfig['previous']>> {
  if (previous && (await existsItself(paths.slots.previous.server)) && (await releasedBefore(paths))) return previous
  throw problem({
    code: 'no-previous-code',
    message: `“${name}” has no previous code to roll back to.`,
    hint: 'Previous code is kept from one rebuild to the next.',
  })
}

/** @throws Problem `instance-unknown`, `no-previous-code`, `file-corrupt` */
export async function wayBack(services: Pick<LifecycleServices, 'paths' | 'configs'>, name: string): Promise<WayBack> {
  const { config, paths } = await findInstance(services, name)
  await requirePrevious(config, paths)
  const came = await readMove(paths.slots.previous)
  if (!came) return {}
  const to = came.direction === 'forward' ? 'old' : 'new'
  // what going forward again does wasn't rehearsed: the operation tries it on a copy
  return { schema: { to, limits: to === 'old' ? came.rollback.limits : [] } }
}
