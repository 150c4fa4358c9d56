/** The director's password, for an operator who had it generated or passes it on. */
import { adoptJob, createJob } from '../../../shared/jobs/create'
import { planOf } from '../../../shared/jobs/words'
import type { Operations } from '../../operations/engine'

/**
 * Returns the new director's password and forgets it. Undefined if the operation created none or hasn't succeeded, or
 * if it was already taken.
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
