/** Logs for the router: finds sources and masks, and leaves the reading to threads. */
import { rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { serviceNames } from '../../shared/infrastructure'
import type {
  LogAnchor,
  LogEntry,
  LogNews,
  LogPage,
  LogPosition,
  LogProgress,
  LogQuery,
  LogSource,
  LogText,
} from '../../shared/log'
import { problem, ProblemError, toProblem } from '../../shared/problem'
import { makePrivateFolder } from '../system/files'
import { openSaveFile } from '../system/save-file'
import { requireValid } from './matcher'
import { usageOnDisk } from './segments'
import type { LogSources } from './sources'
import type { LogTask, LogView } from './open'
import type { LogThreads } from './threads'

export interface LogServices {
  readonly sources: LogSources
  readonly threads: LogThreads
  /** For inflated archives. */
  readonly cache: string
  /** The only folder on this machine that served sessions may save to; created (0700) on demand. */
  readonly exports: string
  /** Names of the instances; identifiers of the operations, newest first. */
  readonly instances: () => Promise<readonly string[]>
  readonly operations: () => readonly string[]
}

export interface SaveOptions {
  /** Absolute. */
  readonly path: string
  /** Replaces an existing regular file. */
  readonly overwrite: boolean
  readonly colours: boolean
  /** The request comes from a served session. */
  readonly served: boolean
}

const elsewhere = (path: string, exports: string) =>
  problem({
    code: 'save-elsewhere',
    message: `A browser can’t save to ${path}.`,
    field: 'path',
    cause: `On this machine, browsers may save only to ${exports}.`,
    hint: 'Download the log, save it to that folder, or use the command line: “instance-manager logs NAME --save FILE”.',
  })

const failed = (path: string, error: unknown) =>
  problem(
    {
      code: 'log-save-failed',
      message: `Couldn’t save the log to ${path}.`,
      cause: error instanceof Error ? error.message : String(error),
      hint: 'Save it elsewhere, or free some space there.',
      field: 'path',
    },
    error,
  )

/** The most operations listed. */
const mostOperations = 50

export class Logs {
  readonly #services: LogServices

  constructor(services: LogServices) {
    this.#services = services
  }

  /** Everything that can be read. */
  async list(): Promise<LogEntry[]> {
    const instances = (await this.#services.instances()).map(
      name => ({ kind: 'instance', name, stream: 'both' }) as const,
    )
    const services = serviceNames.map(name => ({ kind: 'service', name }) as const)
    const found = await Promise.all([...instances, ...services, { kind: 'app' } as const].map(it => this.#entry(it)))
    return [
      ...found,
      ...this.#services
        .operations()
        .slice(0, mostOperations)
        .map(id => ({ source: { kind: 'operation', id } as const, size: 0 })),
    ]
  }

  async #entry(source: LogSource): Promise<LogEntry> {
    try {
      const usages = (await this.#services.sources.streams(source)).map(it => usageOnDisk(it.path))
      const times = usages.flatMap(it => it.changedAt ?? [])
      return {
        source,
        size: usages.reduce((sum, it) => sum + it.size, 0),
        ...(times.length && { changedAt: Math.max(...times) }),
      }
    } catch (error) {
      return { source, size: 0, problem: toProblem(error) }
    }
  }

  /** Call when a log is likely to be opened soon. */
  warm(): void {
    this.#services.threads.warm()
  }

  /** @throws Problems `log-search-invalid`, `log-search-slow`, `log-unreadable` … */
  async page(query: LogQuery, anchor: LogAnchor, count: number, signal: AbortSignal): Promise<LogPage> {
    return await this.#one<LogPage>({ view: await this.#view(query), type: 'page', anchor, count }, signal)
  }

  async find(
    query: LogQuery,
    from: LogPosition,
    direction: 'next' | 'previous',
    signal: AbortSignal,
  ): Promise<LogPosition | null> {
    return await this.#one<LogPosition | null>({ view: await this.#view(query), type: 'find', from, direction }, signal)
  }

  async *count(
    query: LogQuery,
    until: LogPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<LogProgress, void, undefined> {
    yield* this.#services.threads.run(
      { view: await this.#view(query), type: 'count', until },
      signal,
    ) as AsyncGenerator<LogProgress, void, undefined>
  }

  async *follow(
    query: LogQuery,
    how: { after: LogPosition | undefined; drawn: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<LogNews, void, undefined> {
    yield* this.#services.threads.run(
      { view: await this.#view(query), type: 'follow', ...how },
      signal,
    ) as AsyncGenerator<LogNews, void, undefined>
  }

  /** The filtered lines as text for a file. */
  async *text(query: LogQuery, colours: boolean, signal: AbortSignal): AsyncGenerator<LogText, void, undefined> {
    yield* this.#services.threads.run(
      { view: await this.#view(query), type: 'text', colours },
      signal,
    ) as AsyncGenerator<LogText, void, undefined>
  }

  /**
   * Writes that text to a file. A served session can only choose a name in the exports folder, so that it can't write
   * where the operator's other programs read.
   * @throws Problems `file-exists`, `file-not-regular`, `folder-link`, `save-elsewhere`, `log-save-failed`; on failure
   * or cancellation, nothing is left behind
   */
  async *save(
    query: LogQuery,
    { path: given, overwrite, colours, served }: SaveOptions,
    signal: AbortSignal,
  ): AsyncGenerator<LogProgress, void, undefined> {
    const path = resolve(given)
    const asExport = dirname(path) === this.#services.exports
    if (served && !asExport) throw elsewhere(path, this.#services.exports)
    try {
      if (asExport) await makePrivateFolder(this.#services.exports)
      const file = await openSaveFile(path, overwrite && !served)
      try {
        for await (const { text, ...progress } of this.text(query, colours, signal)) {
          await file.write(text)
          if (progress.done) await file.commit()
          yield progress
        }
      } finally {
        await file.close()
      }
    } catch (error) {
      throw error instanceof ProblemError ? error : failed(path, error)
    }
  }

  /** Stops all reading. */
  async close(): Promise<void> {
    await this.#services.threads.close()
    await rm(this.#services.cache, { recursive: true, force: true })
  }

  async #view({ source, filter, reveal }: LogQuery): Promise<LogView> {
    requireValid(filter.search)
    const [streams, secrets] = await Promise.all([
      this.#services.sources.streams(source),
      reveal ? [] : this.#services.sources.secrets(source),
    ])
    return { streams, secrets, filter, cache: this.#services.cache }
  }

  /** No time limit: a thread that shows no sign of life is terminated, one busy with a large log isn't. */
  async #one<T>(task: LogTask, signal: AbortSignal): Promise<T> {
    for await (const value of this.#services.threads.run(task, signal)) return value as T
    throw signal.reason
  }
}
