/** The app around the workspace: which one is open, and switching between them. */
import { basename } from 'node:path'
import { isMoving, isOpen, type OperationState } from '../shared/operation'
import { problem, ProblemError, toProblem } from '../shared/problem'
import type { ServeStatus, SessionView } from '../shared/served'
import type { AppState, WorkspaceCheck } from '../shared/workspace'
import type { WorkspaceServices } from './services'
import { Latest } from './system/latest'
import { SerialQueue } from './system/serial-queue'
import { isRoot } from './system/users'
import { checkWorkspace, requireWorkspace } from './workspace/base'
import { foldersLike } from './workspace/folders'
import type { RecentWorkspaces } from './workspace/recent'
import { createSample } from './workspace/sample'

/** Features that only the desktop app has. */
export interface Desktop {
  /** @returns undefined if the operator cancelled */
  chooseFolder(title: string): Promise<string | undefined>
  /** Asks where to save a file. @param name the proposed name @returns undefined if the operator cancelled */
  chooseFile(title: string, name: string): Promise<string | undefined>
  openExternal(url: string): Promise<void>
  /** Opens logs in a separate window. @param path the screen's path, `/window/logs/…` */
  openLogs(path: string): void
}

/** Features that only served pages have. */
export interface Served {
  status(): ServeStatus
  /** An address that opens one session. */
  link(): string
  sessions(signal: AbortSignal): AsyncGenerator<readonly SessionView[], void, undefined>
  /** Ends a session and its connections. */
  revoke(id: string): void
  /** Asks the server to end once running operations have finished. */
  stop(): void
}

/** Lets commands on this machine connect to the open workspace. */
export interface LocalListener {
  /** The number of connections. */
  count(): number
  /** If there are no connections, accepts no more. @returns whether that is so */
  endIfUnused(): boolean
  /** Resolves when a connection has ended, or the signal is aborted. */
  disconnected(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface AppOptions {
  readonly version: string
  readonly home: string
  /** The sample application's folder. */
  readonly sample: string
  readonly recent: RecentWorkspaces
  readonly desktop?: Desktop
  readonly served?: Served
  /** Read-only: opening a workspace doesn't make it the most recent one. */
  readonly looking?: boolean
  /** Takes a workspace's lock, creates its services and recovers its operations. */
  readonly open: (root: string) => Promise<WorkspaceServices>
  /** Lets commands on this machine reach the open workspace. */
  readonly listen?: (services: WorkspaceServices) => Promise<LocalListener>
}

export class App {
  readonly #state: Latest<AppState>
  #services: WorkspaceServices | undefined
  #listener: LocalListener | undefined
  /** Opening and closing, one at a time. */
  readonly #changes = new SerialQueue()
  readonly #options: AppOptions

  constructor(options: AppOptions) {
    this.#options = options
    this.#state = new Latest<AppState>({
      version: options.version,
      home: options.home,
      desktop: options.desktop !== undefined,
      served: options.served !== undefined,
      root: isRoot(),
      recent: [],
    })
  }

  get home(): string {
    return this.#options.home
  }

  get desktop(): Desktop | undefined {
    return this.#options.desktop
  }

  get served(): Served | undefined {
    return this.#options.served
  }

  /** The open workspace, if any. */
  get opened(): WorkspaceServices | undefined {
    return this.#services
  }

  /** The open workspace's services. @throws Problem `no-workspace` */
  get workspace(): WorkspaceServices {
    if (this.#services) return this.#services
    throw problem({ code: 'no-workspace', message: 'No workspace is open.', hint: 'Choose one first.' })
  }

  async *watch(signal: AbortSignal): AsyncGenerator<AppState, void, undefined> {
    await this.#changes.idle()
    await this.#show({})
    yield* this.#state.follow(signal)
  }

  check(path: string): Promise<WorkspaceCheck> {
    return checkWorkspace(path)
  }

  /** Completes a typed path where there is no native dialog. @see foldersLike */
  folders(path: string, whole: boolean): Promise<string[]> {
    return foldersLike(path, whole)
  }

  /**
   * @throws Problems `workspace-unusable`, `operations-running`, `workspace-locked`, `file-corrupt` …; the workspace
   * that was open stays open then
   */
  open(path: string): Promise<void> {
    return this.#change(async () => {
      const root = await requireWorkspace(path)
      if (this.#services?.paths.root === root) return
      this.#requireIdle()
      const services = await this.#options.open(root)
      await this.#close()
      this.#services = services
      // if it fails, commands report that the workspace is locked
      this.#listener = await this.#options.listen?.(services).catch(() => undefined)
      services.signal.addEventListener('abort', () => void this.#leave(services).catch(() => undefined))
      if (!this.#options.looking) await this.#options.recent.add(root)
    })
  }

  /** As `open`, but for start-up: errors are shown on the first screen instead of thrown. */
  async reopen(path: string): Promise<void> {
    await this.open(path).catch((error: unknown) => this.#show({ problem: toProblem(error) }))
  }

  /** @throws Problems of `createSample` */
  async createSample(path: string): Promise<void> {
    await createSample(this.#options.sample, path)
    await this.open(path)
  }

  /** @throws Problem `operations-running` */
  close(): Promise<void> {
    return this.#change(async () => {
      this.#requireIdle()
      await this.#close()
    })
  }

  /** As `close`, but interrupts running operations, which are recovered at the next opening. */
  leave(): Promise<void> {
    return this.#change(() => this.#close())
  }

  /** What still needs the open workspace: connected commands and running operations. */
  get needed(): { readonly commands: number; readonly running: readonly OperationState[] } {
    const operations = this.#services?.operations
    return {
      commands: this.#listener?.count() ?? 0,
      running: operations?.running() ? operations.list().filter(isMoving) : [],
    }
  }

  /** Returns when it isn't needed any more, after which no command can connect; or when the signal is aborted. */
  async untilUnneeded(signal: AbortSignal): Promise<void> {
    while (this.#services && !signal.aborted) {
      const { operations } = this.#services
      for await (const _ of operations.watch(signal)) if (!operations.running()) break
      if (operations.running()) continue
      if (!this.#listener || this.#listener.endIfUnused()) return
      await this.#listener.disconnected(signal)
    }
  }

  /** The most recent workspace that still exists. */
  async last(): Promise<string | undefined> {
    return (await this.#options.recent.list()).find(it => it.exists)?.path
  }

  /** Waits until no operation is running. @param cancel cancel open operations first, as far as possible */
  async finish(cancel: boolean): Promise<void> {
    const { operations, signal } = this.workspace
    for (const { id } of cancel ? operations.list().filter(isOpen) : []) {
      try {
        operations.cancel(id)
      } catch {
        /* past its pivot, or already turned: it continues to its end */
      }
    }
    for await (const _ of operations.watch(signal)) if (!operations.running()) return
  }

  async forget(path: string): Promise<void> {
    await this.#options.recent.forget(path)
    await this.#show({})
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#changes.run(async () => {
      try {
        await work()
      } finally {
        await this.#show({ problem: undefined })
      }
    })
  }

  /** Otherwise running operations would be interrupted until the workspace is opened again. */
  #requireIdle(): void {
    if (!this.#services?.operations.running()) return
    throw problem({
      code: 'operations-running',
      message: 'An operation is still running in this workspace.',
      action: 'open-activity',
      hint: 'Wait for it, or cancel it in Activity. Then switch.',
    })
  }

  /** Shows why a workspace closed by itself. Does nothing if we closed it. */
  async #leave(services: WorkspaceServices): Promise<void> {
    if (this.#services !== services) return
    await this.#change(async () => {
      if (this.#services === services) await this.#close()
    })
    const { reason } = services.signal as { reason: unknown }
    if (reason instanceof ProblemError) await this.#show({ problem: reason.problem })
  }

  async #close(): Promise<void> {
    const services = this.#services
    this.#services = undefined
    await this.#listener?.close()
    this.#listener = undefined
    await services?.close()
  }

  async #show(change: Partial<AppState>): Promise<void> {
    const recent = await this.#options.recent.list()
    // No await from here on: concurrent changes must not undo each other.
    const root = this.#services?.paths.root
    this.#state.set({
      ...this.#state.value,
      ...change,
      recent,
      workspace: root === undefined ? undefined : { path: root, name: basename(root) },
    })
  }
}
