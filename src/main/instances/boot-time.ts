/** Gives an instance a time of its own to boot. One file, replaced as a whole: there is nothing to undo. */
import type { z } from 'zod'
import type { bootTimeInputSchema } from '../../shared/instance'
import { isMoving } from '../../shared/operation'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { changeInstanceConfig } from '../workspace/instance-config'
import { findOwn, type LifecycleServices } from './lifecycle/target'
import type { Operations } from '../operations/engine'

/**
 * Takes effect when it is waited for the next time; an operation that waits now goes on as it began.
 * @throws Problem `instance-unknown`, `instance-foreign`, and `operation-open` while an operation works on the
 * instance: it may write config.json too
 */
export async function setBootTime(
  services: LifecycleServices & { readonly operations: Pick<Operations, 'list'> },
  { name, seconds }: z.infer<typeof bootTimeInputSchema>,
): Promise<void> {
  const { paths } = await findOwn(services, name)
  const open = services.operations
    .list()
    .find(it => isMoving(it) && it.claims.some(({ on }) => on === things.instance(name)))
  if (open)
    throw problem({
      code: 'operation-open',
      message: `Another operation on ${name} is not finished: ${open.kind}.`,
      hint: 'Wait until it has ended, then try again.',
      action: 'open-activity',
    })
  await changeInstanceConfig(paths.config, it => ({ ...it, bootSeconds: seconds ?? undefined }))
}
