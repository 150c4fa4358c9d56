/** How long the secrets of a creation are kept: until it settles; the director's password until it was shown, or for a day. */
import { isOpen, type OperationState } from '../../../shared/operation'
import type { Secrets } from '../../workspace/secrets'
import { secretKeys, type CreatePlan } from './plan'

const planOf = (state: OperationState): CreatePlan | undefined => (state.kind === 'create' || state.kind === 'adopt' ? state.plan as CreatePlan : undefined)

/** Call when an operation has settled. */
export async function forgetSecrets(secrets: Secrets, state: OperationState): Promise<void> {
  const plan = planOf(state)
  if (!plan) return
  const { directorPassword, ...others } = secretKeys(plan.token)
  await secrets.forget(...Object.values(others), ...(state.phase === 'succeeded' ? [] : [directorPassword]))
}

/** Milliseconds. Who has not looked by then has the password elsewhere: it was the operator's own choice, and need not lie on the disk for ever. */
const shownWithin = 24 * 3_600_000

/**
 * Forgets what a crash left of operations that were never opened or have settled, and passwords that nobody came for.
 * Call once, when the journals are read.
 */
export async function forgetOrphanSecrets(secrets: Secrets, states: readonly OperationState[], now = Date.now()): Promise<void> {
  const kept = new Set(states.flatMap(state => {
    const plan = planOf(state)
    if (!plan) return []
    const keys = secretKeys(plan.token)
    if (isOpen(state)) return Object.values(keys)
    const recent = now - Date.parse(state.settledAt ?? '') < shownWithin
    return state.phase === 'succeeded' && recent ? [keys.directorPassword] : []
  }))
  const orphans = (await secrets.keys()).filter(it => it.startsWith('create:') && !kept.has(it))
  if (orphans.length) await secrets.forget(...orphans)
}

/** The new director's password, which is forgotten by this. Undefined if the creation has not succeeded or it was taken before. */
export async function takePassword(secrets: Secrets, state: OperationState | undefined): Promise<{ email: string; password: string } | undefined> {
  const plan = state?.phase === 'succeeded' ? planOf(state) : undefined
  if (!plan) return undefined
  const key = secretKeys(plan.token).directorPassword
  const password = await secrets.get(key)
  if (password === undefined) return undefined
  await secrets.forget(key)
  return { email: plan.director.email, password }
}
