/** Work in progress on the services: by operations, which take precedence, and by the supervisor. */
import type { ServiceName, ServiceStatus } from '../../shared/infrastructure'
import { toProblem, type Problem } from '../../shared/problem'
import type { DriverContext } from './drivers/driver'

/** What the supervisor is doing about a service that has ended. */
export interface Restarting {
  /** The current or next attempt, from 1. Absent if it isn't restarted automatically. */
  readonly attempt?: number
  /** Why it isn't running, if that is known. */
  readonly problem?: Problem
}

export class Transitions {
  /** What operations are doing. */
  readonly #moving = new Map<ServiceName, 'starting' | 'stopping'>()
  /** Why the last start failed; kept until the next one. */
  readonly #failures = new Map<ServiceName, Problem>()
  /** Services that the supervisor is trying to restart. */
  readonly #restarting = new Map<ServiceName, Restarting>()
  /** How often the supervisor has restarted each. */
  readonly #restarts = new Map<ServiceName, number>()
  /** The supervisor's current attempt; an operation interrupts it. */
  #attempt: { readonly interruption: AbortController; readonly ended: Promise<unknown> } | undefined
  readonly #changed: () => void

  /** @param changed called whenever the shown status may have changed */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Does an operation's work on a service. */
  async move(service: ServiceName, how: 'starting' | 'stopping', work: () => Promise<void>): Promise<void> {
    this.#moving.set(service, how)
    this.#failures.delete(service)
    this.#restarting.delete(service)
    this.#changed()
    this.#attempt?.interruption.abort()
    await this.#attempt?.ended // two must never start the same service
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

  /** Starts a service for the supervisor. @throws what `start` throws; the abort reason if an operation interrupts it */
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
      this.#restarts.set(service, this.restartsOf(service) + 1)
    } finally {
      this.#attempt = undefined
      this.#changed()
    }
  }

  /** Another driver was chosen: what failed with the last one says nothing about it. */
  forgetFailures(): void {
    this.#failures.clear()
    this.#restarting.clear()
  }

  restartsOf(service: ServiceName): number {
    return this.#restarts.get(service) ?? 0
  }

  showRestarting(service: ServiceName, restarting: Restarting | undefined): void {
    if (restarting) this.#restarting.set(service, { ...restarting })
    else this.#restarting.delete(service)
    this.#changed()
  }

  /** The driver's status, with work in progress, or why that failed. */
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
