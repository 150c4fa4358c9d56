/**
 * Daemons are recognised by their working folder: pid files go stale, and a pid in one may have been reused. Linux
 * only.
 */
import { readlink, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { exists, readIfExists } from '../../system/files'
import { allPids, program } from '../../system/proc'
import { waitFor } from '../../system/wait'
import type { Service } from '../services/service'

/** The services' daemons, each in a folder with its name, and all sockets in one folder. */
export class Daemons {
  readonly sockets: string
  readonly #base: string
  readonly #settings: { read(): Promise<Settings> }

  constructor(base: string, settings: { read(): Promise<Settings> }) {
    this.sockets = join(base, 'sockets')
    this.#base = base
    this.#settings = settings
  }

  folderOf = (service: Service): string => join(this.#base, service.name)
  logOf = (service: Service): string => join(this.folderOf(service), service.daemon.log)

  async hasSocket(service: Service): Promise<boolean> {
    return await exists(await this.#socketOf(service))
  }

  /** The service's own processes: those whose working folder is its folder, whatever a pid file says. */
  async processes(service: Service, among?: readonly number[]): Promise<number[]> {
    const folder = await realpath(this.folderOf(service)).catch(() => undefined)
    return folder === undefined ? [] : await workingIn(folder, service.daemon.program, among)
  }

  /** @returns its first process, not children left behind by a killed one; undefined if it isn't running */
  async running(service: Service): Promise<number | undefined> {
    const text = await readIfExists(this.#pidFileOf(service)).catch(() => undefined)
    const [recorded] = await this.processes(service, [Number(text?.split('\n')[0])])
    return service.daemon.hasChildren ? recorded : (recorded ?? (await this.processes(service))[0])
  }

  /** Waits until no process is left. @param timeout milliseconds @returns false if that took too long */
  async gone(service: Service, timeout: number): Promise<boolean> {
    return (await waitFor(async () => (await this.processes(service)).length === 0, { timeout })) === true
  }

  /**
   * After a crash: waits for leftover processes to end, then removes the pid file and the socket with its lock, which
   * would prevent the next start.
   * @throws Problem `service-stays`
   */
  async settle(service: Service): Promise<void> {
    if (!(await this.gone(service, 20_000))) {
      throw problem({
        code: 'service-stays',
        message: `${service.title} was killed, but some of its processes are still running.`,
        cause: `Their process ids: ${(await this.processes(service)).join(', ')}.`,
        hint: 'End them, then start the infrastructure again.',
      })
    }
    await rm(this.#pidFileOf(service), { force: true })
    // PostgreSQL's lock contains a pid that may have been reused by now; PostgreSQL would then refuse to start.
    const socket = await this.#socketOf(service)
    for (const it of [socket, `${socket}.lock`]) await rm(it, { force: true })
  }

  #pidFileOf = (service: Service): string => join(this.folderOf(service), service.daemon.pidFile)

  async #socketOf(service: Service): Promise<string> {
    return join(this.sockets, service.daemon.socket(service.port(await this.#settings.read())))
  }
}

/**
 * The processes of a program whose working folder is exactly this one; not e.g. an operator's shell, or a zombie.
 * @param folder without symbolic links @param name the program's, e.g. `pgbouncer`
 * @param among the processes to check; checking every process takes about 5 ms
 */
export async function workingIn(folder: string, name: string, among?: readonly number[]): Promise<number[]> {
  const found = await Promise.all(
    (among ?? (await allPids())).map(async pid =>
      (await readlink(`/proc/${pid}/cwd`).catch(() => undefined)) === folder && (await program(pid)) === name
        ? pid
        : undefined,
    ),
  )
  return found.filter(it => it !== undefined)
}

/** Sends a signal; does nothing if the process has already ended. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
