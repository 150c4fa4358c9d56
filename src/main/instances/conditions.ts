/**
 * Whether running instances work. PM2 only knows that a process is there; whether it has its database, keeps crashing or
 * answers requests is looked at here, for the list: all the time while someone watches, otherwise when someone asks.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { missingService, type InfrastructureStatus } from '../../shared/infrastructure'
import type { InstanceConfig } from '../../shared/instance'
import type { Problem } from '../../shared/problem'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { ProcessInfo } from '../processes/client'
import { portHolders, portsHolders, waitingPorts } from '../system/sockets'
import type { Configs } from './configs'
import { Crashes } from './crashes'
import type { Gathered } from './gather'
import { foreign, heldByOther, httpError, noAnswer, notListening } from './health'
import { httpStatus, whyUnhealthy } from './http'
import type { InstancePools } from './pooled'
import { Probes, type Running } from './probes'
import { troubleOf, type Diagnosed } from './trouble'

export interface ConditionServices {
  readonly infrastructure: Pick<Infrastructure, 'status' | 'watch'>
  readonly pools: Pick<InstancePools, 'refusal'>
  /** Whether an operation is starting, stopping or replacing the services. */
  readonly changing: () => boolean
  /** Aborted when the workspace is closed. */
  readonly signal: AbortSignal
}

/** What is wrong with an instance that PM2 has as running; undefined if nothing is known to be. */
export type Diagnosis = (config: InstanceConfig, process: ProcessInfo) => Diagnosed | undefined

export class Conditions {
  readonly #services: ConditionServices
  readonly #crashes = new Crashes()
  readonly #probes: Probes
  /** By instance: the process that is known to hold its port, and no other. */
  readonly #holders = new Map<string, string>()
  /** As last observed. */
  #running: readonly Running[] = []
  /** As last seen, also in the middle of an operation on it. */
  #infrastructure: InfrastructureStatus | undefined
  /** As last seen while no operation was at work on it: what one does in passing isn't worth an alarm. */
  #settled: InfrastructureStatus | undefined

  constructor(services: ConditionServices) {
    this.#services = services
    this.#probes = new Probes({
      answer: (it, signal) => this.#whyNoAnswer(it, signal),
      login: async it => (this.#databaseIsAway() ? undefined : services.pools.refusal(it)),
      waiting: waitingPorts,
    })
  }

  /** Call it at each look at the processes. */
  observe({ instances, foreign: copies }: Gathered, { serverOf, manifest: { server } }: Configs): void {
    const listed = instances.flatMap(({ config, process }) => (process ? [[config.name, process] as const] : []))
    this.#crashes.observe(new Map(listed))
    this.#running = instances.flatMap(
      ({ config: { name, port, bootSeconds = server.bootSeconds }, process }): Running[] => {
        const { status, pid, startedAt, execMode } = process ?? {}
        if (status !== 'online' || !pid || !startedAt || !execMode || copies.has(name)) return []
        return [{ name, pid, port, execMode, startedAt, bootSeconds, cwd: serverOf(name), health: server.health }]
      },
    )
    this.#probes.follow(this.#running)
  }

  /** Looks until the signal is aborted. @param changed called when the diagnoses may have changed */
  async watch(signal: AbortSignal, changed: () => void): Promise<void> {
    this.#probes.run(signal, changed)
    while (!signal.aborted) {
      try {
        for await (const status of this.#services.infrastructure.watch(signal)) {
          const wasAway = this.#databaseIsAway()
          this.#infrastructure = status
          if (wasAway && !this.#databaseIsAway()) this.#probes.loginsAgain()
          changed()
        }
        return
      } catch {
        this.#infrastructure = undefined // what was seen last may not be true any more
        this.#settled = undefined
        changed()
        await delay(again, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  /** Looks once. Takes at most a few seconds. */
  async look(): Promise<void> {
    const { infrastructure, signal } = this.#services
    const [status] = await Promise.all([infrastructure.status().catch(() => undefined), this.#probes.once(signal)])
    if (status) this.#infrastructure = status
  }

  /** Judges by what is known now. */
  diagnosis(): Diagnosis {
    if (!this.#services.changing() || !this.#settled) this.#settled = this.#infrastructure
    const settled = this.#settled
    return ({ name, database: { port, directPort } }, process) =>
      troubleOf(name, {
        missing: settled && missingService(settled, port !== directPort),
        crashes: this.#crashes.of(name),
        ...(process.status === 'online' && this.#probes.of(name)),
      })
  }

  /**
   * One request, as a browser would make it. That the port's holder is this very process is checked once: it costs a look
   * at what processes hold. @returns why the answer isn't a healthy application's
   */
  async #whyNoAnswer(of: Running, signal: AbortSignal): Promise<Problem | undefined> {
    const { name, pid, port, execMode, startedAt, bootSeconds, health } = of
    const answer = await httpStatus(port, health.path, { signal, within })
    if (typeof answer !== 'string' && !this.#holdsItsPort(of)) await this.#findHolders()
    if (typeof answer === 'string' || !this.#holdsItsPort(of)) {
      const holders = await portHolders(port, pid)
      const others = await foreign(execMode, pid, holders)
      if (others.length > 0) return heldByOther(name, port, others)
      if (typeof answer === 'string') {
        if (holders.length > 0) return noAnswer(name, port, answer)
        return Date.now() - startedAt < bootSeconds * 1000 ? undefined : notListening(name, port)
      }
      this.#holders.set(name, identity(of))
    }
    const unwell = whyUnhealthy(health, answer)
    return unwell === undefined ? undefined : httpError(name, unwell)
  }

  /**
   * Finds the processes that hold their own ports, of all instances at once: reading the kernel's table of sockets takes
   * milliseconds, so a hundred instances shouldn't do it one by one. In cluster mode PM2's daemon is the holder, so those
   * are looked at one by one.
   */
  async #findHolders(): Promise<void> {
    const unknown = this.#running.filter(it => it.execMode === 'fork' && !this.#holdsItsPort(it))
    const holders = await portsHolders(
      unknown.map(it => it.port),
      unknown.map(it => it.pid),
    )
    for (const it of unknown) {
      const found = holders.get(it.port) ?? []
      if (found.length > 0 && found.every(({ pid }) => pid === it.pid)) this.#holders.set(it.name, identity(it))
    }
  }

  #holdsItsPort(it: Running): boolean {
    return this.#holders.get(it.name) === identity(it)
  }

  /** A login would then only repeat what is known, or disturb an operation. */
  #databaseIsAway(): boolean {
    const known = this.#infrastructure
    return this.#services.changing() || (known !== undefined && missingService(known, known.pooled) !== undefined)
  }
}

/** Of a process as the holder of a port: another one may get its pid. */
const identity = ({ pid, startedAt, port }: Running): string => `${pid} ${startedAt} ${port}`

/** Milliseconds until the services are watched again after a failure. */
const again = 5000

/** Milliseconds. Long enough for a busy application, and short enough to be noticed soon. */
const within = 4000
