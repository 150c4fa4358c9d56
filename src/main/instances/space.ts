/**
 * The workspace's disk space: checked before each job, reported, and freed without PostgreSQL or a journal, since the
 * disk may already be full.
 */
import { rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { bytes } from '../../shared/amounts'
import { jobOf } from '../../shared/jobs'
import { isOpen, type OperationState } from '../../shared/operation'
import { problem } from '../../shared/problem'
import {
  isLow,
  spareBytes,
  type DiskSpace,
  type Freeable,
  type FreeableKind,
  type SpaceReport,
} from '../../shared/space'
import { things } from '../../shared/things'
import type { Infrastructure } from '../infrastructure/infrastructure'
import { nameOf } from '../operations/claims'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import { tightestDisk } from '../system/space'
import type { Run } from '../system/run'
import { Watched } from '../system/watched'
import type { WorkspacePaths } from '../workspace/paths'
import type { Trash } from './trash'
import type { UsedReleases } from './used-releases'

export interface SpaceServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  readonly releases: UsedReleases
  readonly trash: Trash
  readonly infrastructure: Pick<Infrastructure, 'dataFolder'>
  readonly operations: Pick<Operations, 'held' | 'unreadable' | 'list' | 'whenSettled'>
  /** Older parts of logs. */
  readonly archives: {
    oldArchives(): Promise<readonly { readonly bytes: number }[]>
    removeOldArchives(): Promise<void>
  }
  readonly signal: AbortSignal
}

/** Milliseconds between checks while someone is watching; a check is one system call. */
const lookEvery = 5000

export class Space {
  readonly #watched: Watched<DiskSpace>

  readonly #services: SpaceServices

  constructor(services: SpaceServices) {
    this.#services = services
    services.operations.whenSettled(state => {
      void this.#forget([state])
      void this.#tidyAfter(state).catch(() => undefined) // left to the next operation
    })
    this.#watched = new Watched(
      {
        look: () => this.disk(),
        due: signal => delay(lookEvery, undefined, { signal, ref: false }).catch(() => undefined),
        differs: (shown, now) => isLow(shown) !== isLow(now) || Math.abs(shown.free - now.free) > now.total / 100,
      },
      services.signal,
    )
  }

  /** The fullest of the disks that hold the workspace, its instances and PostgreSQL's data. */
  disk(): Promise<DiskSpace> {
    const [{ root, state, instances }, data] = [this.#services.paths, this.#services.infrastructure.dataFolder]
    return tightestDisk([root, state, instances, ...(data === undefined ? [] : [data])])
  }

  /** The free space, and again whenever it has changed by 1 % of the disk or crossed the reserve. */
  watch(signal: AbortSignal): AsyncGenerator<DiskSpace, void, undefined> {
    return this.#watched.watch(signal)
  }

  async report(): Promise<SpaceReport> {
    const [disk, freeable] = await Promise.all([this.disk(), this.#freeable()])
    return { disk, freeable }
  }

  /** Removes the given kinds of things; may be repeated. @returns the space that is free now */
  async free(what: readonly FreeableKind[]): Promise<DiskSpace> {
    const ways: Readonly<Record<FreeableKind, () => Promise<unknown>>> = {
      releases: () => this.#services.releases.prune('all'),
      trash: () => this.#services.trash.empty(this.#keptTrash()),
      logs: () => this.#services.archives.removeOldArchives(),
      spare: () => rm(this.#services.paths.spare, { force: true }),
    }
    for (const it of what) await ways[it]()
    return this.disk()
  }

  /** Removes old releases, except those in use and the newest ones. */
  async tidy(): Promise<void> {
    await this.#services.releases.prune('old')
  }

  /** Tidies up in the background after the workspace has been opened. */
  start(): void {
    void this.#forget(this.#services.operations.list().filter(it => !isOpen(it)))
    void this.tidy()
      .then(() => this.keepSpare())
      .catch(() => undefined) // left to the next opening
  }

  /** Calls `tidy` if the operation used a release or set files aside. */
  async #tidyAfter({ claims }: OperationState): Promise<void> {
    const kinds = [things.release(''), things.trash('')]
    if (claims.some(({ on }) => kinds.some(it => on.startsWith(it)))) await this.tidy()
  }

  /** Frees what settled operations set aside. */
  #forget(settled: readonly OperationState[]): Promise<void> {
    const tokens = settled.flatMap(({ claims }) =>
      claims.filter(({ on }) => on.startsWith(things.trash(''))).map(({ on }) => nameOf(on)),
    )
    return this.#services.trash.forget(tokens)
  }

  /**
   * Tokens that must stay. Undefined, meaning all, if a journal was refused: what its operation set aside may have to
   * be restored, and isn't known.
   */
  #keptTrash(): ReadonlySet<string> | undefined {
    const { operations } = this.#services
    return operations.unreadable().length > 0 ? undefined : new Set(operations.held('trash').keys())
  }

  /** Creates the emergency reserve if that leaves enough space. */
  async keepSpare(): Promise<void> {
    const {
      paths: { spare },
      run,
    } = this.#services
    const { free, reserve } = await tightestDisk([this.#services.paths.state])
    const present = (await stat(spare).catch(() => undefined))?.size === spareBytes
    if (present || free < reserve + 2 * spareBytes) return
    await run('fallocate', ['--length', String(spareBytes), spare], { timeout: 60_000 })
  }

  /**
   * Call it before a job touches anything.
   * @param job e.g. “a new instance” @param need bytes it needs @param reserve whether the reserve must stay free
   * @throws Problem `disk-space`
   */
  async require(job: string, need: number, reserve: boolean): Promise<void> {
    const disk = await this.disk()
    const kept = reserve ? disk.reserve : 0
    if (disk.free >= need + kept) return
    const freeable = (await this.#freeable()).filter(it => it.bytes > 0)
    throw problem({
      code: 'disk-space',
      message: `There isn’t enough disk space for ${job}.`,
      cause: `It needs about ${bytes(need)}${kept ? `, and ${bytes(kept)} must stay free for PostgreSQL` : ''}. ${bytes(disk.free)} of ${bytes(disk.total)} is free at ${disk.path}.`,
      hint: freeable.length
        ? `Free up to ${bytes(freeable.reduce((sum, it) => sum + it.bytes, 0))} here, then try again.`
        : 'Delete something from the disk, then try again.',
      action: 'free-space',
    })
  }

  async #freeable(): Promise<Freeable[]> {
    const { releases, trash, archives, paths } = this.#services
    const [unused, thrown, rotated, spare] = await Promise.all([
      releases.freeable(),
      trash.sizes(this.#keptTrash()),
      archives.oldArchives().catch(() => []),
      stat(paths.spare).catch(() => undefined),
    ])
    const sum = (sizes: readonly { readonly bytes: number }[]) => ({
      count: sizes.length,
      bytes: sizes.reduce((total, it) => total + it.bytes, 0),
    })
    return [
      { what: 'releases', count: unused.releases, bytes: unused.bytes },
      { what: 'trash', ...sum(thrown) },
      { what: 'logs', ...sum(rotated) },
      { what: 'spare', count: spare ? 1 : 0, bytes: spare ? spare.blocks * 512 : 0 },
    ]
  }
}

/** Bytes of a journal. */
const journal = 2 ** 20

/**
 * The same job, but refused before it touches anything if the disk has too little space. Jobs that repair or remove may
 * use the reserve.
 */
export const withSpace = (space: Space, operation: AnyOperation): AnyOperation => ({
  ...operation,
  async plan(input) {
    await space.require('this job', jobOf(operation.kind)?.space ?? journal, false)
    return operation.plan(input)
  },
})
