/** The director's password, for an operator who let it be made or wants to pass it on. */
import { z } from 'zod'
import type { Operations } from '../../operations/engine'

/** A creation's and an adoption's plan. */
const planSchema = z.looseObject({ director: z.object({ email: z.string() }) })

/**
 * The new director's password, which is forgotten by this. Undefined if the operation made none or hasn't succeeded, or
 * it was taken before.
 */
export async function takePassword(
  operations: Operations,
  id: string,
): Promise<{ email: string; password: string } | undefined> {
  const plan = planSchema.safeParse(operations.list().find(it => it.id === id)?.plan).data
  const password = plan && (await operations.takeSecret(id))
  return password === undefined ? undefined : { email: plan?.director.email ?? '', password }
}
