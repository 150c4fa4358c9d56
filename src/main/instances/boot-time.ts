/** Sets an instance's boot time. One file is replaced atomically, so there is nothing to undo. */
import type { z } from 'zod'
import type { bootTimeInputSchema } from '../../shared/instance'
import { wordsOf } from '../../shared/jobs/words'
import { isMoving } from '../../shared/operation'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import { changeInstanceConfig } from '../workspace/instance-config'
import { findOwn, type LifecycleServices } from './lifecycle/target'
import type { Operations } from '../operations/engine'

/**
 * Takes effect at the next start or restart; an operation that is already waiting keeps its limit.
 * @throws Problem `instance-unknown`, `instance-foreign`, and `operation-open` while an operation on the instance is
 * running: it may write config.json too
 */
export async function setBootTime(
  services: LifecycleServices & { readonly operations: Pick<Operations, 'list'> },
  { name, seconds }: z.infer<typeof bootTimeInputSchema>,
): Promise<void> {
  const { paths } = await findOwn(services, name)
  requireNoOperation(services.operations, name)
  await changeInstanceConfig(paths.config, it => ({ ...it, bootSeconds: seconds ?? undefined }))
}

/** @throws Problem `operation-open` while an operation on the instance is running */
export function requireNoOperation(operations: Pick<Operations, 'list'>, name: string): void {
  const open = operations.list().find(it => isMoving(it) && it.claims.some(({ on }) => on === things.instance(name)))
  if (!open) return
  throw problem({
    code: 'operation-open',
    message: `Another operation hasn’t finished: ${wordsOf(open).asking}.`,
    hint: 'Wait for it, then try again.',
    action: 'open-activity',
  })
}
