/** The engine that a command asks: the one that runs on the workspace, or one in this process. Commands see no difference. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { TRPCClient } from '@trpc/client'
import type { Router } from '../api/router'
import { refused } from './failure'

export type Client = TRPCClient<Router>

/** `look`: nothing is changed, so neither lock nor recovery is needed, and what another process does is seen as its journals say. */
export type Purpose = 'look' | 'change'

export interface Engine {
  readonly client: Client
  /** Another process's: it stays when we go. */
  readonly joined: boolean
  close(): Promise<void>
}

/**
 * @param root the product's own folder
 * @param workspace absolute
 * @throws Problems of opening a workspace
 */
export async function openEngine(root: string, workspace: string, purpose: Purpose): Promise<Engine> {
  return await running(workspace) ?? await own(root, workspace, purpose)
}

async function running(workspace: string): Promise<Engine | undefined> {
  const socket = join(workspace, '.instance-manager', 'engine.sock')
  if (!await access(socket).then(() => true, () => false)) return undefined // the module is loaded only where it is needed
  const { connectLocally } = await import('../transport/local-client')
  const connection = await connectLocally(socket)
  return connection && { ...connection, joined: true }
}

async function own(root: string, workspace: string, purpose: Purpose): Promise<Engine> {
  const { client, app } = await localApp(root, purpose)
  if (!await access(workspace).then(() => true, () => false)) throw refused({ code: 'workspace-unusable', message: `${workspace} is not a workspace.`, cause: 'There is no such folder.' })
  await app.open(workspace)
  return {
    client, joined: false,
    async close() { await app.opened?.close() }, // not the app's own, which would refuse while something runs: that, we were told to leave
  }
}

/** The router in this process, no workspace open yet. */
export async function localApp(root: string, purpose: Purpose) {
  const [{ createTRPCClient, unstable_localLink: localLink }, { apiRouter }, { composeApp }, { plainHost }] = await Promise.all(
    [import('@trpc/client'), import('../api/router'), import('../compose'), import('../host')])
  const app = composeApp({ ...await plainHost('command', root), looking: purpose === 'look' })
  const client: Client = createTRPCClient<Router>({ links: [localLink({ router: apiRouter, createContext: async () => ({ app }) })] })
  return { app, client }
}
