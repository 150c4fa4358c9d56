/**
 * Daemons known by the folder that they work in: pid files go stale, and a number in one may be another's by now. Linux
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

/** The daemons of services, each in a folder of its name, their sockets in one for all. */
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

  /** The service's own processes: those that work in its folder. Never another's, whatever a pid file says. */
  async processes(service: Service, among?: readonly number[]): Promise<number[]> {
    const folder = await realpath(this.folderOf(service)).catch(() => undefined)
    return folder === undefined ? [] : await workingIn(folder, service.daemon.program, among)
  }

  /** @returns its first process, not children that a killed one left; undefined if it isn't running */
  async running(service: Service): Promise<number | undefined> {
    const text = await readIfExists(this.#pidFileOf(service)).catch(() => undefined)
    const [noted] = await this.processes(service, [Number(text?.split('\n')[0])])
    return service.daemon.hasChildren ? noted : (noted ?? (await this.processes(service))[0])
  }

  /** Waits until none is left. @returns whether that was so within that many milliseconds */
  async gone(service: Service, timeout: number): Promise<boolean> {
    return (await waitFor(async () => (await this.processes(service)).length === 0, { timeout })) === true
  }

  /**
   * After a crash: waits for what the dead one left to end, then removes its pid file and its socket with the lock,
   * which would stop the next start.
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
    // PostgreSQL's lock names a number that another process may have by now; it would refuse to start beside that.
    const socket = await this.#socketOf(service)
    for (const it of [socket, `${socket}.lock`]) await rm(it, { force: true })
  }

  #pidFileOf = (service: Service): string => join(this.folderOf(service), service.daemon.pidFile)

  async #socketOf(service: Service): Promise<string> {
    return join(this.sockets, service.daemon.socket(service.port(await this.#settings.read())))
  }
}

/**
 * Which processes of a program work in exactly this folder; an operator's shell there is not one of them. A process
 * that ended and waits for its parent does not work there. @param folder without symbolic links @param name the
 * program's, e.g. `pgbouncer`
 * @param among who is asked; every process there is costs some 5 ms
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

/** Sends a signal; that the process is gone already is no error. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
