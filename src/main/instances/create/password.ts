/** The director's password, for an operator who had it generated or passes it on. */
import { adoptJob, createJob } from '../../../shared/jobs/create'
import { directorJob } from '../../../shared/jobs/director'
import { planOf } from '../../../shared/jobs/words'
import type { OperationState } from '../../../shared/operation'
import type { Operations } from '../../operations/engine'

/**
 * Returns the director's new password and forgets it. Undefined if the operation gave none or hasn't succeeded, or if it
 * was already taken.
 */
export async function takePassword(
  operations: Operations,
  id: string,
): Promise<{ email: string; password: string } | undefined> {
  const operation = operations.list().find(it => it.id === id)
  const email = operation && emailIn(operation)
  const password = email === undefined ? undefined : await operations.takeSecret(id)
  return email === undefined || password === undefined ? undefined : { email, password }
}

function emailIn(operation: OperationState): string | undefined {
  const changed = planOf(directorJob, operation)
  if (changed) return changed.email ?? changed.account
  return (planOf(createJob, operation) ?? planOf(adoptJob, operation))?.director.email
}
