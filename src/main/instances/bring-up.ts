/** Instances need PostgreSQL and PgBouncer: what starts one brings them up first, as an operation of its own. */
import { jobOf, type StartRequest } from '../../shared/jobs'
import { infrastructureStartJob } from '../../shared/jobs/infrastructure'
import { isMoving, problemOf } from '../../shared/operation'
import { problem } from '../../shared/problem'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Operations } from '../operations/engine'
import { interruptFor } from './interrupt'

export interface BringUpServices {
  readonly operations: Pick<Operations, 'list' | 'start' | 'rested'>
  readonly infrastructure: Pick<Infrastructure, 'status'>
}

/**
 * @returns the id of the operation that brings the infrastructure up, a new one or the one under way; undefined if both
 * services run
 * @throws Problem `operation-open` while another operation owns the infrastructure, and those of its plan
 */
export async function bringUp({ operations, infrastructure }: BringUpServices): Promise<string | undefined> {
  const starting = (): string | undefined =>
    operations.list().find(it => it.kind === infrastructureStartJob.kind && isMoving(it))?.id
  const found = starting()
  if (found !== undefined) return found
  const { postgres, pgbouncer, pooled } = await infrastructure.status()
  if (postgres.state === 'running' && (!pooled || pgbouncer.state === 'running')) return undefined
  try {
    return await operations.start(infrastructureStartJob.kind, {})
  } catch (error) {
    const other = starting() // several ask at once: one starts it, the others wait for it
    if (other !== undefined) return other
    throw error
  }
}

/** As `bringUp`, and waits for its end. @throws why the infrastructure does not run */
export async function requireUp(services: BringUpServices): Promise<void> {
  const id = await bringUp(services)
  if (id === undefined) return
  const state = await services.operations.rested(id)
  if (state.phase === 'succeeded') return
  throw problem(
    problemOf(state) ?? {
      code: 'infrastructure-stopped',
      message: 'Instances need PostgreSQL and PgBouncer, but starting them was cancelled.',
      hint: 'Start the infrastructure, then try again.',
      action: 'start-infrastructure',
    },
  )
}

/**
 * Starts a job. First cancels those that it interrupts; one that needs PostgreSQL and PgBouncer waits until they run.
 * @throws why they don't, or it doesn't
 */
export async function startJobOn(
  services: {
    readonly operations: Pick<Operations, 'list' | 'start' | 'cancel' | 'rested'>
    /** Sees that they run, if any of these is an instance. @throws why they don't */
    readonly bringUpFor: (names: readonly string[]) => Promise<void>
  },
  { kind, ...input }: StartRequest,
): Promise<string> {
  if ('name' in input) {
    await interruptFor(services.operations, kind, input.name)
    if (jobOf(kind)?.needsInfrastructure) await services.bringUpFor([input.name])
  }
  return services.operations.start(kind, input)
}
