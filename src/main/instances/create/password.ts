/** The director's password, for an operator who had it generated or wants to pass it on. */
import { adoptJob, createJob } from '../../../shared/jobs/create'
import { planOf } from '../../../shared/jobs/words'
import type { Operations } from '../../operations/engine'

/**
 * The new director's password, which is forgotten by this. Undefined if the operation made none or hasn't succeeded, or
 * it was taken before.
 */
export async function takePassword(
  operations: Operations,
  id: string,
): Promise<{ email: string; password: string } | undefined> {
  const operation = operations.list().find(it => it.id === id)
  const plan = operation && (planOf(createJob, operation) ?? planOf(adoptJob, operation))
  const password = plan && (await operations.takeSecret(id))
  return password === undefined ? undefined : { email: plan?.director.email ?? '', password }
}
