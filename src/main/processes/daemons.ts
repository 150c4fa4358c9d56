/** The daemons of one PM2 home: the current one and, after an exchange, the former one (exchange.ts). */
import { basename } from 'node:path'
import type { OutdatedPm2 } from '../../shared/outdated-pm2'
import { isNewer } from '../../shared/versions'
import { readIfExists } from '../system/files'
import { environmentOf } from '../system/proc'
import { copyFor, runtimeVariable } from '../system/runtime'
import { DaemonCalls } from './calls'
import { Daemon, pm2Paths, pm2Version } from './daemon'
import { rawListSchema, type ListEntry } from './entries'
import { endFormer, exchangeDaemon } from './exchange'
import { DaemonLost } from './sockets'
import { stopForGood } from './stopping'

export class Daemons {
  readonly current: DaemonCalls
  readonly #former: DaemonCalls
  readonly #daemon: Daemon
  readonly #home: string

  /** @param home PM2_HOME */
  constructor(home: string) {
    this.#home = home
    this.#daemon = new Daemon(home)
    const { rpc, former } = pm2Paths(home)
    this.current = new DaemonCalls(rpc, this.#daemon)
    this.#former = new DaemonCalls(former.rpc)
  }

  /** The daemon that runs a process. */
  of({ former }: Pick<ListEntry, 'former'>): DaemonCalls {
    return former ? this.#former : this.current
  }

  /** Everything that both list; the former one's are marked. @param revive start the current one if it isn't running */
  async list(revive = true): Promise<unknown[]> {
    const [current, former] = await Promise.all([this.current.list(revive), ifAlive(this.#former.list())])
    return [
      ...rawListSchema.parse(current),
      ...rawListSchema.parse(former ?? []).map(it => ({ ...it, former: true as const })),
    ]
  }

  /** Ends a process and takes it off its daemon's list. */
  async unlist(entry: ListEntry): Promise<void> {
    const its = this.of(entry)
    await stopForGood(its, entry)
    await its.act('deleteProcessId', entry.pm_id)
    if (entry.former) await this.settle()
  }

  /**
   * Set if the running daemon is older than the one that this product starts, or runs from the copy of another version,
   * and as long as there is a former one. Starts none.
   */
  async outdated(): Promise<OutdatedPm2 | undefined> {
    const installed = pm2Version()
    const former = await ifAlive(this.#former.version())
    if (former !== undefined) return { running: former, installed }
    const running = await ifAlive(this.current.version())
    if (running === undefined) return undefined
    return isNewer(installed, running) || (await this.#isFromOtherCopy()) ? { running, installed } : undefined
  }

  /** Puts a new daemon in the place of an outdated one, which keeps its processes. @throws as `exchangeDaemon` */
  async exchange(): Promise<void> {
    const isDue = async (): Promise<boolean> =>
      (await ifAlive(this.#former.version())) === undefined && (await this.outdated()) !== undefined
    await exchangeDaemon(this.#home, this.#daemon, isDue)
  }

  /** Ends the former one if it runs nothing any more. */
  async settle(): Promise<void> {
    await endFormer(this.#home, this.#daemon, this.#former)
  }

  /** One that we didn't start, or not from a package, runs from none. */
  async #isFromOtherCopy(): Promise<boolean> {
    const pid = Number(await readIfExists(pm2Paths(this.#home).pid))
    const its = (await environmentOf(pid)).get(runtimeVariable)
    const ours = its === undefined ? undefined : await copyFor()
    return its !== undefined && ours !== undefined && basename(its) !== basename(ours)
  }
}

/** Undefined if there is no such daemon. */
const ifAlive = <T>(asked: Promise<T>): Promise<T | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof DaemonLost) return undefined
    throw error
  })
