/** What is being done to the services: by operations, which come first, and by the supervisor. */
import type { ServiceName, ServiceStatus } from '../../shared/infrastructure'
import { toProblem, type Problem } from '../../shared/problem'
import type { DriverContext } from './drivers/driver'

/** What the supervisor is doing about a service that has ended. */
export interface Restarting {
  /** The next attempt, or the one under way; from 1. Absent if it is not started again by itself. */
  readonly attempt?: number
  /** Why it does not run, if that is known. */
  readonly problem?: Problem
}

export class Transitions {
  /** What an operation is doing just now. */
  readonly #moving = new Map<ServiceName, 'starting' | 'stopping'>()
  /** Why the last start failed; until the next one. */
  readonly #failures = new Map<ServiceName, Problem>()
  /** What the supervisor tries to start again. */
  readonly #restarting = new Map<ServiceName, Restarting>()
  /** The supervisor's attempt that is under way; an operation interrupts it. */
  #attempt: { readonly interruption: AbortController; readonly ended: Promise<unknown> } | undefined
  readonly #changed: () => void

  /** @param changed called whenever what is shown may have changed */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** An operation's work on a service. */
  async move(service: ServiceName, how: 'starting' | 'stopping', work: () => Promise<void>): Promise<void> {
    this.#moving.set(service, how)
    this.#failures.delete(service)
    this.#restarting.delete(service)
    this.#changed()
    this.#attempt?.interruption.abort()
    await this.#attempt?.ended // never two that start the same thing
    try {
      await work()
    } catch (error) {
      if (how === 'starting') this.#failures.set(service, toProblem(error))
      throw error
    } finally {
      this.#moving.delete(service)
      this.#changed()
    }
  }

  /** The supervisor's start of a service. @throws what `start` throws; the reason when an operation interrupts it */
  async attempt(
    service: ServiceName,
    signal: AbortSignal,
    start: (context: DriverContext) => Promise<void>,
  ): Promise<void> {
    const interruption = new AbortController()
    const work = start({
      signal: AbortSignal.any([signal, interruption.signal]),
      report: () => undefined,
      output: () => undefined,
    })
    this.#attempt = { interruption, ended: work.catch(() => undefined) }
    try {
      await work
      this.#failures.delete(service)
    } finally {
      this.#attempt = undefined
      this.#changed()
    }
  }

  showRestarting(service: ServiceName, restarting: Restarting | undefined): void {
    if (restarting) this.#restarting.set(service, { ...restarting })
    else this.#restarting.delete(service)
    this.#changed()
  }

  /** A status as the driver found it, with what is being done about it, or why that failed. */
  shown(status: ServiceStatus): ServiceStatus {
    const moving = this.#moving.get(status.name)
    if (moving && status.state !== 'unavailable') return { ...status, state: moving, problem: undefined }
    const down = status.state === 'stopped' || status.state === 'starting'
    const restarting = down ? this.#restarting.get(status.name) : undefined
    if (restarting)
      return {
        ...status,
        state: restarting.attempt === undefined ? 'failed' : 'restarting',
        attempt: restarting.attempt,
        problem: restarting.problem,
      }
    const failure = this.#failures.get(status.name)
    if (failure && (status.state === 'stopped' || status.state === 'absent'))
      return { ...status, state: 'failed', problem: failure }
    return status
  }
}
