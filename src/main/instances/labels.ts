/** Sets an instance's tags and notes. One file is replaced atomically, so there is nothing to undo. */
import type { z } from 'zod'
import type { labelsInputSchema } from '../../shared/instance'
import type { Operations } from '../operations/engine'
import { changeInstanceConfig } from '../workspace/instance-config'
import { findOwn, type LifecycleServices } from './lifecycle/target'
import { requireNoOperation } from './boot-time'

/**
 * What isn't given stays as it is; what is empty is removed.
 * @throws Problem `instance-unknown`, `instance-foreign`, and `operation-open` while an operation on the instance is
 * running: it may write config.json too
 */
export async function setLabels(
  services: LifecycleServices & { readonly operations: Pick<Operations, 'list'> },
  { name, tags, notes, ...marks }: z.infer<typeof labelsInputSchema>,
): Promise<void> {
  const { paths } = await findOwn(services, name)
  requireNoOperation(services.operations, name)
  await changeInstanceConfig(paths.config, ({ labels, ...config }) => {
    const { tags: oldTags = [], notes: oldNotes = '', favourite, protected: guarded, ...others } = labels ?? {}
    const [newTags, newNotes] = [tags ?? oldTags, notes ?? oldNotes]
    const now = {
      ...others,
      ...(newTags.length > 0 && { tags: newTags }),
      ...(newNotes !== '' && { notes: newNotes }),
      ...((marks.favourite ?? favourite) && { favourite: true }),
      ...((marks.protected ?? guarded) && { protected: true }),
    }
    return { ...config, ...(Object.keys(now).length > 0 && { labels: now }) }
  })
}
