/** Instances need PostgreSQL and PgBouncer: whatever starts one brings them up first, as a separate operation. */
import { jobOf, type StartRequest } from '../../shared/jobs'
import { infrastructureStartJob } from '../../shared/jobs/infrastructure'
import { isMoving, problemOf } from '../../shared/operation'
import { enumerate } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import { things } from '../../shared/things'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Operations } from '../operations/engine'
import type { Configs } from './configs'
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

/** @param typed a name that the operator typed as confirmation @throws Problem `instance-protected` */
async function requireUnprotected(
  { configs }: { readonly configs: () => Promise<Configs> },
  names: readonly string[],
  typed: string | undefined,
): Promise<void> {
  if (names.length === 0) return
  const wanted = new Set(names.map(things.instance))
  const found = (await configs()).configs.filter(it => it.labels?.protected && wanted.has(things.instance(it.name)))
  const [first] = found
  if (!first || (names.length === 1 && typed === first.name)) return
  throw problem({
    code: 'instance-protected',
    message: `${enumerate(found.map(it => `“${it.name}”`))} ${found.length === 1 ? 'is' : 'are'} protected.`,
    cause: names.length === 1 ? 'Its name must be typed first.' : 'Protected instances can only be changed one by one.',
    hint:
      names.length === 1
        ? `Confirm with its name: ${first.name}.`
        : 'Leave them out, or end their protection under “Tags and notes…”.',
  })
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
    readonly configs: () => Promise<Configs>
  },
  { kind, typed, ...input }: StartRequest,
): Promise<string> {
  await requireUnprotected(services, jobOf(kind)?.guards?.(input) ?? [], typed)
  if ('name' in input) {
    await interruptFor(services.operations, kind, input.name)
    const needs = jobOf(kind)?.needsInfrastructure
    const restarts = 'restart' in input && input.restart === true
    if (needs === true || (needs && restarts)) await services.bringUpFor([input.name])
  }
  return services.operations.start(kind, input)
}
