/**
 * The engine behind a command: one that already runs on the workspace, or one in this process. Commands can't tell the
 * difference.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TRPCClient } from '@trpc/client'
import type { OperationState } from '../../shared/operation'
import type { Router } from '../api/router'
import { exists } from '../system/files'
import { problemOf, refused } from './failure'

export type Client = TRPCClient<Router>

/**
 * `look`: changes nothing, so it needs neither lock nor recovery, and sees other processes' work through their
 * journals.
 */
export type Purpose = 'look' | 'change'

/** What an engine in this process is still needed for after its own command. */
export interface Needed {
  readonly commands: number
  readonly running: readonly OperationState[]
}

export interface Engine {
  readonly client: Client
  /** It belongs to another process and outlives us. */
  readonly joined: boolean
  /**
   * Serves other commands until they are done and nothing is running, or the signal is aborted. @param tell called
   * once, if there is anything to wait for
   */
  serveOthers(tell: (needed: Needed) => Promise<void>, signal: AbortSignal): Promise<void>
  /** Interrupts what is running in this process. */
  close(): Promise<void>
}

export interface Opening {
  /** The product's own folder. */
  readonly root: string
  /** The command, to be named to those who find the workspace in use. */
  readonly command: string
  /** Absolute. */
  readonly workspace: string
  readonly purpose: Purpose
  /** Wait for another command to end instead of joining it. */
  readonly wait: boolean
  /** Called once if it takes long. */
  readonly waiting: () => void
}

/** How long the process that holds the workspace may take to answer while opening or closing it, in milliseconds. */
const patience = 30_000
/** Milliseconds between two attempts. */
const lockWait = 250
/** Attempts before the command says that it is waiting. */
const quietLooks = 8

/** @throws Problem if the workspace can't be opened */
export async function openEngine(opening: Opening): Promise<Engine> {
  const { workspace, purpose, wait, waiting } = opening
  // A command exits when its work is done, so a long `look` (logs --follow) must not rely on its engine.
  const joinsCommands = purpose === 'change' && !wait
  const until = wait ? Infinity : performance.now() + patience
  for (let looks = 0; ; looks++) {
    const joined = await running(workspace, joinsCommands)
    if (joined) return joined
    try {
      return await own(opening)
    } catch (error) {
      if (problemOf(error).code !== 'workspace-locked' || performance.now() > until) throw error
    }
    if (looks === quietLooks) waiting()
  }
}

async function running(workspace: string, joinsCommands: boolean): Promise<Engine | undefined> {
  const state = join(workspace, '.instance-manager')
  const socket = join(state, 'engine.sock')
  if (!(await exists(socket))) return undefined // avoids loading the module when it isn't needed
  if (!joinsCommands && (await heldByCommand(state))) return undefined
  const { connectLocally } = await import('../transport/local-client')
  const connection = await connectLocally(socket)
  return connection && { ...connection, joined: true, serveOthers: () => Promise.resolve() }
}

/** According to the note of the lock's holder (workspace/lock.ts). */
async function heldByCommand(state: string): Promise<boolean> {
  try {
    return (
      (JSON.parse(await readFile(join(state, 'lock.json'), 'utf8')) as { readonly kind?: unknown }).kind === 'command'
    )
  } catch {
    return false
  }
}

async function own({ root, command, workspace, purpose }: Opening): Promise<Engine> {
  const { client, app } = await localApp(root, purpose, command)
  if (!(await exists(workspace)))
    throw refused({
      code: 'workspace-unusable',
      message: `${workspace} isn’t a workspace.`,
      cause: 'The folder doesn’t exist.',
    })
  await app.open(workspace)
  return {
    client,
    joined: false,
    async serveOthers(tell, signal) {
      const { needed } = app
      if (needed.commands > 0 || needed.running.length > 0) await tell(needed)
      await app.untilUnneeded(signal)
    },
    close: () => app.leave(),
  }
}

/** The router in this process, with no workspace open yet. */
export async function localApp(root: string, purpose: Purpose, command: string) {
  const [{ createTRPCClient, unstable_localLink: localLink }, { apiRouter }, { composeApp }, { plainHost }] =
    await Promise.all([import('@trpc/client'), import('../api/router'), import('../compose'), import('../host')])
  const app = composeApp({ ...(await plainHost('command', root)), command, looking: purpose === 'look', lockWait })
  const client: Client = createTRPCClient<Router>({
    links: [localLink({ router: apiRouter, createContext: async () => ({ app }) })],
  })
  return { app, client }
}
