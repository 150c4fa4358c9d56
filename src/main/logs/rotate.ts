/**
 * Keeps logs within their limits, in the background and one at a time. Only the process holding the workspace lock does
 * this.
 */
import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogUsage } from '../../shared/log'
import { problem, ProblemError, type Problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import type { Run } from '../system/run'
import { SerialQueue } from '../system/serial-queue'
import { prune, rotateOnce, settle } from './rotate-file'
import { archivesIn, partsIn, partsOf, temporariesIn } from '../system/rotate-names'

/** A file that some process appends to, with the instance's name if it belongs to one. */
export interface RotatedLog {
  readonly path: string
  readonly instance?: string
}

export interface RotationTargets {
  readonly logs: readonly RotatedLog[]
  /** PM2's own module is installed and rotates the logs of all its processes. */
  readonly pm2Logrotate: boolean
}

export interface RotationServices {
  readonly run: Run
  readonly limits: () => Promise<Settings['logs']>
  /** @param revive start PM2's daemon if it isn't running; otherwise its apps' logs, which nobody writes to then, are left out */
  readonly targets: (revive: boolean) => Promise<RotationTargets>
  /** Stops rotation: an archive still being written is discarded (the log is unchanged); a later stage is completed. */
  readonly signal: AbortSignal
}

const megabyte = 1_048_576

// Milliseconds.
const calm = 60_000 // between checks, unless a log would far exceed its limit by then
const hurry = 1000
const longestPause = 3_600_000 // for a log whose rotation keeps failing

/** The most archives created from one log per check; after that, the settings and the list of logs are reread. */
const rounds = 20

interface Failure {
  readonly problem: Problem
  readonly pause: number
  readonly until: number
}
interface Seen {
  readonly end: number
  readonly at: number
}

export class Rotation {
  readonly #failures = new Map<string, Failure>()
  readonly #seen = new Map<string, Seen>()
  #loop: Promise<void> | undefined
  readonly #work = new SerialQueue()
  readonly #services: RotationServices

  constructor(services: RotationServices) {
    this.#services = services
  }

  /** Starts checking periodically, until the signal aborts. */
  start(): void {
    this.#loop ??= this.#keepLooking()
  }

  /** Resolves once all work has stopped. Call after aborting the signal. */
  async ended(): Promise<void> {
    await this.#loop
    await this.#work.idle()
  }

  /**
   * Rotates the logs that exceed their limit. Runs one check at a time.
   * @returns milliseconds until the next check
   */
  look(): Promise<number> {
    return this.#work.run(() => this.#look())
  }

  /** The disk space an instance's logs take, and the problem if they can't be rotated. */
  async usage(name: string): Promise<LogUsage> {
    const { logs, pm2Logrotate } = await this.#services.targets(true)
    const own = logs.filter(it => it.instance === name).map(it => it.path)
    const files = (
      await Promise.all(
        own.map(async live => {
          const archives = archivesIn(await namesIn(dirname(live)), live)
          return [
            { bytes: await bytesOf(live), archive: false },
            ...(await Promise.all(archives.map(async it => ({ bytes: await bytesOf(it.path), archive: true })))),
          ]
        }),
      )
    ).flat()
    return {
      bytes: files.reduce((sum, it) => sum + it.bytes, 0),
      archives: files.filter(it => it.archive).length,
      problem: pm2Logrotate ? elsewhere : own.map(it => this.#failures.get(it)?.problem).find(it => it !== undefined),
    }
  }

  /** All archives except each log's newest, which records where its live file begins. */
  async oldArchives(): Promise<{ readonly path: string; readonly bytes: number }[]> {
    const { logs } = await this.#services.targets(true)
    const found = await Promise.all(
      logs.map(async ({ path }) =>
        archivesIn(await namesIn(dirname(path)), path)
          .slice(0, -1)
          .map(it => it.path),
      ),
    )
    return Promise.all(found.flat().map(async path => ({ path, bytes: await bytesOf(path) })))
  }

  /** Deletes those archives; their lines are lost. */
  async removeOldArchives(): Promise<void> {
    const { logs } = await this.#services.targets(true)
    await this.#work.run(async () => {
      for (const { path } of logs) await prune(path, 1)
    })
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#services
    while (!signal.aborted) {
      const pause = await this.look().catch(() => calm) // PM2 or the settings can't be read, which is reported elsewhere
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #look(): Promise<number> {
    const [{ maxSizeMB, keep }, { logs, pm2Logrotate }] = await Promise.all([
      this.#services.limits(),
      this.#services.targets(false),
    ])
    const limit = maxSizeMB * megabyte
    const rotates = (log: RotatedLog): boolean => !(pm2Logrotate && log.instance !== undefined)
    const found = await survey(logs)
    let due = found.filter(it => it.unsettled || (rotates(it) && (it.data > limit || it.archives > keep)))
    const changes = due.length > 0
    for (let round = 0; round < rounds && due.length > 0; round++) {
      const again: typeof due = []
      for (const it of due) if (await this.#tend(it.path, rotates(it), limit, keep)) again.push(it)
      due = again
    }
    return this.#pause((changes ? await survey(logs) : found).filter(rotates), limit)
  }

  /** @returns whether it was rotated; it may still exceed its limit */
  async #tend(path: string, rotates: boolean, limit: number, keep: number): Promise<boolean> {
    const { run, signal } = this.#services
    const failure = this.#failures.get(path)
    if (signal.aborted || (failure && performance.now() < failure.until)) return false
    try {
      await settle(path, run)
      if (!rotates) return false
      const over = (await dataIn(path, (await partsOf(path)).skip)) > limit
      const rotated = over && (await rotateOnce(path, limit, { run, signal }))
      await prune(path, keep)
      this.#failures.delete(path)
      return rotated
    } catch (error) {
      if (signal.aborted) return false
      await prune(path, keep).catch(() => undefined)
      const pause = Math.min(longestPause, failure ? failure.pause * 2 : calm)
      this.#failures.set(path, { problem: reasonOf(path, error), pause, until: performance.now() + pause })
      return false
    }
  }

  /** Milliseconds until the fastest-growing log reaches its limit, judging by its recent growth. */
  #pause(logs: readonly Surveyed[], limit: number): number {
    const at = Date.now()
    const pauses = logs.map(({ path, data, end }) => {
      const before = this.#seen.get(path)
      this.#seen.set(path, { end, at })
      const rate = before ? (end - before.end) / Math.max(1, at - before.at) : 0 // bytes a millisecond
      return rate > 0 && !this.#failures.has(path) ? (limit - data) / rate : calm
    })
    return Math.max(hurry, Math.min(calm, ...pauses))
  }
}

interface Surveyed extends RotatedLog {
  /** Bytes of text in the live file; 0 if it is missing or not a regular file. */
  readonly data: number
  /** The log's length since it began, archives included. Bytes. */
  readonly end: number
  readonly archives: number
  /** A rotation needs finishing, or the file has a hole, so it may have been emptied since. */
  readonly unsettled: boolean
}

/** Takes milliseconds for a few hundred logs. */
async function survey(logs: readonly RotatedLog[]): Promise<Surveyed[]> {
  const folders = [...new Set(logs.map(it => dirname(it.path)))]
  const listings = new Map((await Promise.all(folders.map(rotatedByLog))).flat())
  return Promise.all(
    logs.map(async log => {
      const names = listings.get(log.path) ?? []
      const { archives, start, skip, settled } = partsIn(names, log.path)
      const data = await dataIn(log.path, skip)
      return {
        ...log,
        data,
        end: start + data,
        archives: archives.length,
        unsettled: !settled || skip > 0 || temporariesIn(names, log.path).length > 0,
      }
    }),
  )
}

/** The names of the rotated files in a folder, by the path of their live file. */
async function rotatedByLog(folder: string): Promise<[string, string[]][]> {
  const found = new Map<string, string[]>()
  for (const name of await namesIn(folder)) {
    const own = /^(.+)\.\d{15}-\d{15}\./.exec(name)?.[1]
    if (own !== undefined) found.set(join(folder, own), [...(found.get(join(folder, own)) ?? []), name])
  }
  return [...found]
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => [])

async function dataIn(live: string, skip: number): Promise<number> {
  const info = await lstat(live).catch(() => undefined)
  return info?.isFile() ? Math.max(0, info.size - skip) : 0
}

/** Size on disk; holes don't count. */
async function bytesOf(path: string): Promise<number> {
  const info = await lstat(path).catch(() => undefined)
  return info?.isFile() ? Math.min(info.size, info.blocks * 512) : 0
}

const reasonOf = (path: string, error: unknown): Problem => {
  if (error instanceof ProblemError && error.problem.code.startsWith('log-')) return error.problem
  const cause =
    error instanceof ProblemError
      ? (error.problem.details ?? error.problem.message)
      : error instanceof Error
        ? error.message
        : String(error)
  return problem(
    {
      code: 'log-rotation-failed',
      message: 'A log exceeds its size limit and couldn’t be rotated. It is intact, and keeps growing.',
      cause: `${path}: ${cause}`,
      hint: 'Free some disk space, or make the folder writable. Instance Manager will retry automatically.',
    },
    error,
  ).problem
}

const elsewhere: Problem = {
  code: 'log-rotation-elsewhere',
  message: 'PM2’s pm2-logrotate module rotates these logs, so Instance Manager doesn’t.',
  cause:
    'If both rotated the same files, lines would be lost. The module itself copies a file and then empties it, which loses lines written in between.',
  hint: 'To rotate logs without losing lines, remove the module: “pm2 uninstall pm2-logrotate”.',
}
