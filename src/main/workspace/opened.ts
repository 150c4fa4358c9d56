/** An opened workspace, before anything works in it: what every room is given. */
import { createHash } from 'node:crypto'
import { problem } from '../../shared/problem'
import { hostOf } from '../../shared/served'
import type { NodeChoice } from '../../shared/workspace'
import { Closing } from '../system/closing'
import { makeFolder, removeTemporary } from '../system/files'
import { majorOf } from '../system/node'
import type { Product } from '../system/product'
import { createRun, createStart, type Run, type Start } from '../system/run'
import { markOf, sweep } from '../system/sweep'
import { AppLog } from './app-log'
import { identify, lookAtIdentity, type Identity } from './identity'
import { chooseNode, preferOnPath, requireUsable } from './node-choice'
import { acquireLock, type HolderKind } from './lock'
import { workspacePaths, type WorkspacePaths } from './paths'
import { Secrets } from './secrets'
import { SettingsFile } from './settings'

/** Where and in what form the product runs, as far as a workspace needs to know. */
export interface Place {
  readonly kind: HolderKind
  /** The name of the command that this is, without what was given to it. */
  readonly command?: string
  readonly version: string
  readonly product: Product
  /** The site's default settings. */
  readonly defaults: string
  readonly pm2Home: string
  /**
   * Read-only: the workspace is opened without its lock, even while another process works in it, and nothing is
   * recovered.
   */
  readonly looking?: boolean
  /** Milliseconds to wait for another process that is just ending to release the lock; 3000 by default. */
  readonly lockWait?: number
  /** Absent unless pages are served; where. */
  readonly served?: { status(): { readonly address: string; readonly port: number } }
}

export interface Base {
  readonly place: Place
  readonly paths: WorkspacePaths
  /** Runs a tool with this workspace's marker, so that it is found and ended if it outlives a crash. */
  readonly run: Run
  /** The same for a tool with streams for input and output. */
  readonly start: Start
  /** That marker, for tools inside containers. */
  readonly mark: string
  /** The Node that runs instances and tools (never Electron's), and its major version, e.g. `20`. */
  readonly node: NodeChoice & { readonly major: string }
  readonly identity: Identity
  readonly settings: SettingsFile
  readonly secrets: Secrets
  readonly log: AppLog
  /** Aborted when the workspace is closed or its lock is lost; then the reason is the Problem `workspace-lock-lost`. */
  readonly signal: AbortSignal
  /** Aborted when another process may have the lock: nothing may be done any more. */
  readonly lost: AbortSignal
  readonly closing: Closing
}

export interface OpenedWorkspace {
  readonly base: Base
  /** Ends processes and removes partial files left by an earlier, killed process. */
  clean(): Promise<void>
  /** Releases everything, newest first. */
  close(reason?: unknown): Promise<void>
}

/**
 * Locks a workspace, unless it is opened read-only. Corrupt files are refused before anything runs.
 * @param root a real path
 * @throws Problems `workspace-locked`, `file-corrupt` …; nothing is held then
 */
export async function openBase(place: Place, root: string): Promise<OpenedWorkspace> {
  const paths = workspacePaths(root)
  const [ending, lost, closing] = [new AbortController(), new AbortController(), new Closing()]
  const close = (reason?: unknown): Promise<void> => {
    ending.abort(reason)
    return closing.close()
  }
  if (!place.looking) {
    const onLost = (): void => {
      lost.abort()
      ending.abort(lockLost())
    }
    const lock = await acquireLock(paths.state, place.kind, {
      command: place.command,
      waitMs: place.lockWait ?? 3000,
      onLost,
      address: place.served && hostOf(place.served.status()),
    })
    closing.add(() => lock.release())
  }
  const id = createHash('sha256').update(paths.root).digest('hex').slice(0, 16)
  const run = createRun(id)
  try {
    const identity = await (place.looking ? lookAtIdentity : identify)(paths, place.version)
    if (!place.looking) await makeFolder(paths.instances)
    const settings = new SettingsFile(paths.settings, place.defaults)
    const secrets = new Secrets(paths.secrets)
    closing.add(() => secrets.close())
    const [{ node: choice }] = await Promise.all([settings.read(), secrets.keys()])
    const log = new AppLog(paths.appLog)
    closing.add(() => log.settled())
    const node = await chooseNode(run, paths.root, choice.path)
    closing.add(await preferOnPath(node.path))
    settings.guard((before, after) => requireUsable(run, before.node.path, after.node.path))
    const base = {
      place,
      paths,
      run,
      start: createStart(id),
      mark: markOf(id),
      node: { ...node, major: majorOf(node.version) },
      identity,
      settings,
      secrets,
      log,
      signal: ending.signal,
      lost: lost.signal,
      closing,
    }
    return {
      base,
      clean: async () => {
        await sweep(id)
        await removeTemporary(paths.state) // they may contain secrets
      },
      close,
    }
  } catch (error) {
    await close(error)
    throw error
  }
}

const lockLost = () =>
  problem({
    code: 'workspace-lock-lost',
    message: 'The workspace was closed: its lock was lost.',
    cause: 'The helper process that held the lock ended, so another Instance Manager could have opened the workspace.',
    hint: 'Open it again: interrupted operations will continue. Running instances keep running.',
  })
