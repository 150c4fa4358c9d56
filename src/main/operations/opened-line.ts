/** The first line of a journal: what was asked for, and all that was decided. */
import type { Abreast, Json } from '../../shared/operation'
import { journalLineSchema } from '../../shared/operation-schema'
import { newId, type OpenedLine } from './journal'
import type { AnyOperation } from './operation'

/** Exactly as it is read after a crash, so a step sees the same plan then. @param subject the name of what it is about */
export function openedLine(operation: AnyOperation, subject: string, plan: Json, now: Date): OpenedLine {
  const steps = operation.steps(plan).map(it => it.name)
  const abreast = operation.abreast?.(plan)
  requireWellFormed(operation, steps, abreast)
  const line = {
    type: 'opened',
    id: newId(now),
    at: now.toISOString(),
    kind: operation.kind,
    version: operation.version,
    subject,
    plan,
    steps,
    claims: operation.claims(plan),
    abreast,
  }
  const opened = journalLineSchema.parse(JSON.parse(JSON.stringify(line))) as OpenedLine
  operation.planSchema?.parse(opened.plan) // a plan that doesn't fit would be refused after a crash
  return opened
}

function requireWellFormed(
  { kind, pivot }: AnyOperation,
  steps: readonly string[],
  abreast: Abreast | undefined,
): void {
  if (steps.length === 0 || new Set(steps).size < steps.length)
    throw new Error(`operation ${kind}: needs at least one step, and unique names`)
  if (pivot !== undefined && !steps.includes(pivot))
    throw new Error(`operation ${kind}: the pivot isn't one of its steps`)
  if (pivot !== undefined && abreast) throw new Error(`operation ${kind}: has a pivot, so no steps may run abreast`)
}
