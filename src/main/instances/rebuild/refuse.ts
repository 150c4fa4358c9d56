/** Refuses an exchange of an instance's code that would fail part-way. */
import { problem } from '../../../shared/problem'
import { existsItself } from '../../system/files'
import { mountsBelow } from '../../system/mounts'
import type { InstancePaths } from '../../workspace/paths'
import { isSwitched } from './exchange'

/**
 * @param hasPrevious whether there should be a way back
 * @throws Problem `exchange-abandoned`, `instance-mounts`
 */
export async function requireExchangeable(name: string, paths: InstancePaths, hasPrevious: boolean): Promise<void> {
  const left = await abandoned(paths, hasPrevious)
  if (left !== undefined)
    throw problem({
      code: 'exchange-abandoned',
      message: `An earlier rebuild or rollback of “${name}” was abandoned part-way.`,
      cause: `Code of the instance is still in ${left}.`,
      hint: 'Check that the instance works. Then move that folder out of the instance’s folder, and try again.',
    })
  const [mount] = await mountsBelow(paths.folder)
  if (mount !== undefined)
    throw problem({
      code: 'instance-mounts',
      message: `The code of “${name}” can’t be replaced.`,
      cause: `${mount} is a mount point, which can’t be moved.`,
      hint: 'Stop the instance and unmount it. Then rebuild, mount it again, and start the instance.',
    })
}

/** The folder with code that only an abandoned operation knows about. */
async function abandoned(paths: InstancePaths, hasPrevious: boolean): Promise<string | undefined> {
  const { next, previous, replaced } = paths.slots
  if (await isSwitched(paths)) return replaced.folder
  // a rollback's: the way back. A rebuild's is only a copy of a release.
  if (hasPrevious && !(await existsItself(previous.folder)) && (await existsItself(next.folder))) return next.folder
  return undefined
}
