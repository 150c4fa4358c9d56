/**
 * While an engine has the workspace open, restarts PostgreSQL and PgBouncer if they should be running but have ended:
 * after a reboot, a crash, or for lack of memory. Pauses between attempts grow. It does nothing while an operation owns
 * the infrastructure. An operation that begins interrupts an attempt and waits for its end (`Transitions.move`), so two
 * never start the same service.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceNames, serviceTitle, type DriverKind, type ServiceName } from '../../shared/infrastructure'
import { toProblem, type Problem } from '../../shared/problem'
import { runsNow } from '../system/proc'
import type { DriverStatus } from './drivers/driver'
import type { Infrastructure } from './infrastructure'
import { allServices } from './services'
import type { Wanted } from './wanted'

export interface Supervised {
  readonly infrastructure: Pick<Infrastructure, 'kind' | 'found' | 'restart' | 'showRestarting' | 'logTail'>
  readonly wanted: Pick<Wanted, 'read' | 'set' | 'has'>
  /** Whether an operation owns the infrastructure: then the supervisor leaves it alone. */
  busy(): boolean
  /** Called after something was restarted, or if queries have been left waiting: lets them through. */
  restored(): Promise<void>
  /** Called at each check while all services are running. */
  healthy(): void
  readonly log: { info(text: string): void; problem(problem: Problem): void }
}

/** Milliseconds. */
export interface SupervisorTimes {
  /** Between checks of the processes, which cost nothing while they live. */
  readonly look: number
  /** Between full checks, which cost logins and commands, while something isn't running. */
  readonly calm: number
  /** Before the first attempt; doubled for each further one. */
  readonly pause: number
  readonly longestPause: number
  /** A service that has run this long since its restart is healthy: the next pause is the first one again. */
  readonly lasting: number
}
export const supervisorTimes: SupervisorTimes = {
  look: 2000,
  calm: 10_000,
  pause: 1000,
  longestPause: 60_000,
  lasting: 60_000,
}

/** `started`: by this check. `starting`: it runs, but doesn't answer yet. `held`: it runs, but lets nothing through. */
type Outcome = 'up' | 'started' | 'starting' | 'held' | 'down'

/** `attempt`: the next one, from 1. Times are from `performance.now()`. */
interface Tries {
  attempt: number
  due: number
  startedAt?: number
  problem?: Problem
}

export class Supervisor {
  readonly #tries = new Map<ServiceName, Tries>()
  /** The services' processes, if all were running at the latest check. */
  #alive: readonly number[] | undefined
  readonly #services: Supervised
  readonly #times: SupervisorTimes

  constructor(services: Supervised, times: SupervisorTimes = supervisorTimes) {
    this.#services = services
    this.#times = times
  }

  /** Runs until the signal is aborted. Never throws: whatever fails is tried again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = await this.#round(signal).catch((error: unknown) => {
        if (!signal.aborted) this.#services.log.problem(toProblem(error))
        return this.#times.longestPause
      })
      await sleep(next, undefined, { signal }).catch(() => undefined)
    }
  }

  /** @returns milliseconds until the next round */
  async #round(signal: AbortSignal): Promise<number> {
    const { look, calm } = this.#times
    if (this.#services.busy()) return this.#rest()
    if (this.#alive?.every(runsNow)) {
      this.#forgetHealthy()
      this.#services.healthy()
      return look
    }
    const wanted = (await this.#services.wanted.read())?.wanted
    if (wanted?.length === 0) return this.#rest()
    const kind = await this.#services.infrastructure.kind()
    const found = await this.#services.infrastructure.found(kind)
    if (wanted === undefined) {
      // started by an earlier version
      if (found.services.postgres.state === 'running' && !this.#services.busy())
        await this.#services.wanted.set(serviceNames, true)
      return calm
    }
    this.#alive = found.alive
    const outcomes = new Map<ServiceName, Outcome>()
    for (const { name, needs } of allServices) {
      if (!wanted.includes(name)) {
        this.#tries.delete(name)
        continue
      }
      const blocked = needs.some(it => !['up', 'started'].includes(outcomes.get(it.name) ?? 'down'))
      outcomes.set(name, blocked ? 'down' : await this.#attend(kind, name, found, signal))
    }
    const started = [...outcomes.values()].includes('started')
    const held = [...outcomes.values()].includes('held')
    if (held && !this.#services.busy())
      this.#services.log.info('Queries were paused at PgBouncer, but no operation does that now. They are let through.')
    if (started || (held && !this.#services.busy())) await this.#services.restored()
    const soon = this.#alive !== undefined || started || [...outcomes.values()].includes('starting')
    const due = [...this.#tries.values()].map(it => it.due - performance.now()).filter(it => it > 0)
    return soon ? look : Math.min(calm, ...due)
  }

  async #attend(kind: DriverKind, service: ServiceName, found: DriverStatus, signal: AbortSignal): Promise<Outcome> {
    const { state, problem: why } = found.services[service]
    if (state === 'running') {
      this.#forgetFailed(service)
      return 'up'
    }
    if (why?.code === 'queries-held') return 'held'
    if (state !== 'stopped') return state === 'starting' ? 'starting' : 'down'
    const tries = this.#tries.get(service) ?? { attempt: 1, due: performance.now() + this.#times.pause }
    this.#tries.set(service, tries)
    if (found.adopted?.has(service)) {
      const problem = adoptedStopped(service)
      if (!tries.problem) this.#services.log.problem(problem)
      tries.problem = problem
      this.#services.infrastructure.showRestarting(service, { problem })
      return 'down'
    }
    if (tries.startedAt !== undefined) await this.#endedAgain(service, tries, kind)
    if (!(await this.#services.wanted.has(service)) || this.#services.busy()) return 'down' // changed during the check
    this.#services.infrastructure.showRestarting(service, tries)
    if (performance.now() < tries.due) return 'down'
    try {
      await this.#services.infrastructure.restart(kind, service, signal)
    } catch (error) {
      if (signal.aborted || this.#services.busy()) return 'down' // interrupted
      this.#report(service, tries, toProblem(error))
      this.#postpone(tries)
      return 'down'
    }
    this.#services.log.info(`${serviceTitle[service]} had stopped and was restarted (attempt ${tries.attempt}).`)
    tries.startedAt = performance.now()
    this.#services.infrastructure.showRestarting(service, undefined)
    return 'started'
  }

  /** It was restarted, but has ended again. */
  async #endedAgain(service: ServiceName, tries: Tries, kind: DriverKind): Promise<void> {
    const lived = performance.now() - (tries.startedAt ?? 0)
    this.#report(
      service,
      tries,
      serviceEnds(service, lived / 1000, await this.#services.infrastructure.logTail(kind, service)),
    )
    tries.startedAt = undefined
    this.#postpone(tries)
  }

  #postpone(tries: Tries): void {
    tries.due = performance.now() + Math.min(this.#times.longestPause, this.#times.pause * 2 ** tries.attempt)
    tries.attempt++
  }

  /** Logs the problem once, and shows it until it is over. */
  #report(service: ServiceName, tries: Tries, problem: Problem): void {
    if (tries.problem?.message !== problem.message || tries.problem.cause !== problem.cause)
      this.#services.log.problem(problem)
    tries.problem = problem
    this.#services.infrastructure.showRestarting(service, tries)
  }

  #forgetHealthy(): void {
    const now = performance.now()
    for (const [service, { startedAt }] of this.#tries)
      if (startedAt !== undefined && now - startedAt > this.#times.lasting) this.#tries.delete(service)
  }

  /** It runs, but we didn't start it: the container engine restarted it, or someone did by hand. */
  #forgetFailed(service: ServiceName): void {
    const tries = this.#tries.get(service)
    if (!tries || tries.startedAt !== undefined) return
    this.#tries.delete(service)
    this.#services.infrastructure.showRestarting(service, undefined)
  }

  /** An operation owns it, or it should be stopped. */
  #rest(): number {
    this.#alive = undefined
    for (const service of this.#tries.keys()) this.#services.infrastructure.showRestarting(service, undefined)
    this.#tries.clear()
    return this.#times.look
  }
}

const adoptedStopped = (service: ServiceName): Problem => ({
  code: 'adopted-stopped',
  message: `${serviceTitle[service]} should be running, but its container has stopped.`,
  cause: 'The container was created elsewhere, so Instance Manager doesn’t restart it automatically.',
  hint: 'Start the infrastructure.',
  action: 'start-infrastructure',
})

const serviceEnds = (service: ServiceName, seconds: number, log: string): Problem => ({
  code: 'service-ends',
  message: `${serviceTitle[service]} keeps stopping after being restarted.`,
  cause: `It last ran for ${Math.round(seconds)} s.`,
  hint: 'See Details for its last log lines. It will be restarted after a pause.',
  details: log.slice(-4000).trim() || undefined,
})
