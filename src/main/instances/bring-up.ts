/** Instances need PostgreSQL and PgBouncer: whatever starts one brings them up first, as a separate operation. */
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
 * Starts only the services: which instances to start is the caller's choice.
 * @returns the id of the operation that brings the infrastructure up, new or already in progress; undefined if both
 * services are running
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
    return await operations.start(infrastructureStartJob.kind, { instances: false })
  } catch (error) {
    const other = starting() // of several concurrent callers, one starts it and the others wait for it
    if (other !== undefined) return other
    throw error
  }
}

/** As `bringUp`, but waits until it is done. @throws why the infrastructure isn't running */
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
 * Starts a job. First cancels those that it interrupts and, if it needs PostgreSQL and PgBouncer, brings them up.
 * @throws why they aren't running, or why the job can't be started
 */
export async function startJobOn(
  services: {
    readonly operations: Pick<Operations, 'list' | 'start' | 'cancel' | 'rested'>
    /** Brings them up if any of these is an instance. @throws why they aren't running */
    readonly bringUpFor: (names: readonly string[]) => Promise<void>
  },
  { kind, ...input }: StartRequest,
): Promise<string> {
  if ('name' in input) {
    await interruptFor(services.operations, kind, input.name)
    const needs = jobOf(kind)?.needsInfrastructure
    const restarts = 'restart' in input && input.restart === true
    if (needs === true || (needs && restarts)) await services.bringUpFor([input.name])
  }
  return services.operations.start(kind, input)
}
