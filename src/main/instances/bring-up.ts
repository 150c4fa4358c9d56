/** Instances need PostgreSQL and PgBouncer: whatever starts one brings them up first, as a separate operation. */
import type { InstanceList } from '../../shared/instance'
import { guardedNames, jobOf, type StartRequest } from '../../shared/jobs'
import { infrastructureStartJob } from '../../shared/jobs/infrastructure'
import { isMoving, problemOf } from '../../shared/operation'
import { enumerate } from '../../shared/amounts'
import { problem } from '../../shared/problem'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Operations } from '../operations/engine'
import { interruptFor } from './interrupt'

export interface BringUpServices {
  readonly operations: Pick<Operations, 'list' | 'start' | 'rested'>
  readonly infrastructure: Pick<Infrastructure, 'status'>
}

/** Starts only the services: which instances to start is the caller's choice. */
export class BringUp {
  readonly #services: BringUpServices
  /** Several may ask at the same moment: after a boot, a command and what it found interrupted. */
  #asked: Promise<string | undefined> | undefined

  constructor(services: BringUpServices) {
    this.#services = services
  }

  /**
   * @returns the id of the operation that brings the infrastructure up, new or already in progress; undefined if both
   * services are running
   * @throws Problem `operation-open` while another operation owns the infrastructure, and those of its plan
   */
  start(): Promise<string | undefined> {
    this.#asked ??= this.#start().finally(() => {
      this.#asked = undefined
    })
    return this.#asked
  }

  /** As `start`, but waits until it is done. @throws why the infrastructure isn't running */
  async require(): Promise<void> {
    const id = await this.start()
    if (id === undefined) return
    const state = await this.#services.operations.rested(id)
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

  async #start(): Promise<string | undefined> {
    const { operations, infrastructure } = this.#services
    const starting = (): string | undefined =>
      operations.list().find(it => it.kind === infrastructureStartJob.kind && isMoving(it))?.id
    const found = starting()
    if (found !== undefined) return found
    const { postgres, pgbouncer, pooled } = await infrastructure.status()
    if (postgres.state === 'running' && (!pooled || pgbouncer.state === 'running')) return undefined
    try {
      return await operations.start(infrastructureStartJob.kind, { instances: false })
    } catch (error) {
      const other = starting() // the operator's own
      if (other !== undefined) return other
      throw error
    }
  }
}

/** @throws Problem `instance-protected`, unless the names were typed; for jobs on several, always */
async function requireUnprotected(list: () => Promise<InstanceList>, request: StartRequest): Promise<void> {
  if (!jobOf(request.kind)?.guards) return
  const found = guardedNames(request, await list())
  const several = 'names' in request
  const typed = request.typed?.split(',').map(it => it.trim()) ?? []
  if (found.every(it => !several && typed.includes(it))) return
  const one = found.length === 1
  throw problem({
    code: 'instance-protected',
    message: `${enumerate(found.map(it => `“${it}”`))} ${one ? 'is' : 'are'} protected.`,
    ...(several
      ? {
          cause: 'Protected instances can only be changed one by one.',
          hint: 'Leave them out, or end their protection under “Tags and notes…”.',
        }
      : {
          cause: one ? 'Its name must be typed first.' : 'Their names must be typed first.',
          hint: `Confirm with ${one ? 'its name' : 'their names'}: ${found.join()}.`,
        }),
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
    /** All instances. */
    readonly list: () => Promise<InstanceList>
  },
  request: StartRequest,
): Promise<string> {
  await requireUnprotected(services.list, request)
  const { kind, typed: _, ...input } = request
  if ('name' in input) {
    await interruptFor(services.operations, kind, input.name)
    const needs = jobOf(kind)?.needsInfrastructure
    const restarts = 'restart' in input && input.restart === true
    if (needs === true || (needs && restarts)) await services.bringUpFor([input.name])
  }
  return services.operations.start(kind, input)
}
