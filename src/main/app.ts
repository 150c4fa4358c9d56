/** The app around the workspace: which one is open, and switching between them. */
import { basename } from 'node:path'
import { imageFileEndings } from '../shared/image-files'
import { isMoving, isOpen, type OperationState } from '../shared/operation'
import { problem, ProblemError, toProblem, type Problem } from '../shared/problem'
import type { AppState, WorkspaceCheck } from '../shared/workspace'
import type { Desktop, LocalListener, OtherEngine, Served } from './faces'
import type { WorkspaceServices } from './services'
import { Latest } from './system/latest'
import { SerialQueue } from './system/serial-queue'
import { isRoot } from './system/users'
import type { Updates } from './updates'
import { checkWorkspace, requireWorkspace } from './workspace/base'
import { foldersLike } from './workspace/folders'
import type { RecentWorkspaces } from './workspace/recent'
import { createSample } from './workspace/sample'

export interface AppOptions {
  readonly version: string
  /** Of PM2. */
  readonly pm2: string
  readonly home: string
  /** The sample application's folder. */
  readonly sample: string
  readonly recent: RecentWorkspaces
  readonly updates: Updates
  readonly desktop?: Desktop
  readonly served?: Served
  /** Read-only: opening a workspace doesn't make it the most recent one. */
  readonly looking?: boolean
  /** Takes a workspace's lock, creates its services and recovers its operations. */
  readonly open: (root: string) => Promise<WorkspaceServices>
  /** Lets commands on this machine reach the open workspace. */
  readonly listen?: (services: WorkspaceServices) => Promise<LocalListener>
  /** @returns the engine that has the workspace open; undefined if there is none */
  readonly reach?: (root: string) => Promise<OtherEngine | undefined>
}

export class App {
  readonly #state: Latest<AppState>
  #services: WorkspaceServices | undefined
  #listener: LocalListener | undefined
  #joined: { readonly root: string; readonly engine: OtherEngine } | undefined
  /** Opening and closing, one at a time. */
  readonly #changes = new SerialQueue()
  readonly #options: AppOptions

  constructor(options: AppOptions) {
    this.#options = options
    this.#state = new Latest<AppState>({
      version: options.version,
      node: process.versions.node,
      pm2: options.pm2,
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

  get updates(): Updates {
    return this.#options.updates
  }

  /** The open workspace, if any. */
  get opened(): WorkspaceServices | undefined {
    return this.#services
  }

  /** The engine through which a window shows a workspace that another process has open. */
  get joined(): OtherEngine | undefined {
    return this.#joined?.engine
  }

  /** The folder of the open workspace, whichever process runs it. */
  get root(): string | undefined {
    return this.#joined?.root ?? this.#services?.paths.root
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

  imageFiles(path: string, whole: boolean): Promise<string[]> {
    return foldersLike(path, whole, imageFileEndings)
  }

  /**
   * @throws Problems `workspace-unusable`, `operations-running`, `workspace-locked`, `file-corrupt` …; the workspace
   * that was open stays open then
   */
  open(path: string): Promise<void> {
    return this.#change(async () => this.#open(await requireWorkspace(path)))
  }

  /**
   * Shows a workspace through the engine that has it open; if that has just ended, opens it here. Only in a window: a
   * served session’s limits wouldn’t apply there.
   * @throws Problems `not-a-window`, and those of `open`
   */
  join(path: string): Promise<void> {
    return this.#change(async () => {
      if (!this.#options.desktop)
        throw problem({ code: 'not-a-window', message: 'Only a window can show a workspace that is open elsewhere.' })
      const root = await requireWorkspace(path)
      this.#requireIdle()
      const engine = await this.#options.reach?.(root)
      if (!engine) return this.#open(root)
      await this.#close()
      this.#joined = { root, engine }
      void engine.ended.then(() => this.#left(engine))
      await this.#options.recent.add(root)
    })
  }

  /** A link to the pages of the server that has the workspace open. @throws Problem `not-serving` */
  async linkTo(path: string): Promise<string> {
    const engine = await this.#options.reach?.(await requireWorkspace(path))
    if (!engine) throw notServing()
    try {
      return await engine.link()
    } finally {
      await engine.close()
    }
  }

  /** As `open`, but for start-up: errors are shown on the first screen. @returns the Problem, if there is one */
  async reopen(path: string): Promise<Problem | undefined> {
    try {
      await this.open(path)
      return undefined
    } catch (error) {
      const found = toProblem(error)
      await this.#show({ problem: found })
      return found
    }
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

  /** Who else is using the open workspace: other browsers, and connections of windows and commands on this machine. */
  others(session: string | undefined): { readonly browsers: number; readonly local: number } {
    return { browsers: this.#options.served?.others(session) ?? 0, local: this.#listener?.count() ?? 0 }
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

  async #open(root: string): Promise<void> {
    if (this.#services?.paths.root === root) return
    this.#requireIdle()
    const services = await this.#options.open(root)
    await this.#close()
    this.#services = services
    // if it fails, commands report that the workspace is locked
    this.#listener = await this.#options.listen?.(services).catch(() => undefined)
    services.signal.addEventListener('abort', () => void this.#leave(services).catch(() => undefined))
    if (!this.#options.looking) await this.#options.recent.add(root)
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

  /** Says that the engine has ended through which the workspace was shown. Does nothing if we left it. */
  async #left(engine: OtherEngine): Promise<void> {
    const joined = this.#joined
    if (joined?.engine !== engine) return
    await this.#change(() => this.#close())
    await this.#show({
      problem: {
        code: 'engine-ended',
        message: 'The Instance Manager that had this workspace open has closed it.',
        hint: 'Running instances keep running. Open the workspace here to continue.',
        action: 'open-workspace',
        workspace: joined.root,
      },
    })
  }

  async #close(): Promise<void> {
    const joined = this.#joined
    this.#joined = undefined
    await joined?.engine.close()
    const services = this.#services
    this.#services = undefined
    await this.#listener?.close()
    this.#listener = undefined
    await services?.close()
  }

  async #show(change: Partial<AppState>): Promise<void> {
    const recent = await this.#options.recent.list()
    // No await from here on: concurrent changes must not undo each other.
    const joined = this.#joined
    const root = this.root
    this.#state.set({
      ...this.#state.value,
      ...change,
      recent,
      served: (joined ? joined.engine.served : this.#options.served) !== undefined,
      workspace:
        root === undefined
          ? undefined
          : {
              path: root,
              name: basename(root),
              node: this.#services?.node,
              through: joined && { address: joined.engine.served },
            },
    })
  }
}

const notServing = () =>
  problem({ code: 'not-serving', message: 'This workspace isn’t being served.', hint: 'Try to open it again.' })
