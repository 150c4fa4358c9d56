/** A job such as a stop doesn't wait for an operation that it makes pointless. */
import { jobOf } from '../../shared/jobs'
import { isOpen } from '../../shared/operation'
import { things } from '../../shared/things'
import { nameOf } from '../operations/claims'
import type { Operations } from '../operations/engine'

/**
 * Cancels the open operations on an instance that a job of this kind interrupts, or that give way to any job (see their
 * descriptors), and waits until they are undone. One that can't be undone stays open: the engine then refuses the job and says why.
 * @throws Problem `shutting-down`; the signal's reason
 */
export async function interruptFor(
  operations: Pick<Operations, 'list' | 'cancel' | 'rested'>,
  kind: string,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const kinds = jobOf(kind)?.interrupts ?? []
  const subject = nameOf(things.instance(name))
  const goes = (other: string): boolean => kinds.includes(other) || (other !== kind && !!jobOf(other)?.background)
  for (const { id } of operations.list().filter(it => isOpen(it) && it.subject === subject && goes(it.kind))) {
    try {
      operations.cancel(id)
    } catch {
      // it is about to settle by itself
    }
    await operations.rested(id, signal)
  }
}
