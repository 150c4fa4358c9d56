/** The engine of another process that has a workspace open, for a window that shows it and for a link to its pages. */
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { hostOf } from '../../shared/served'
import type { OtherEngine } from '../faces'
import { connectLocally, engineSocket } from './local-client'

/** Anything else isn’t a link of ours. */
const linkSchema = z.string().regex(/^https?:\/\/[\w.:[\]-]+\/#token=[\w-]+$/)

/**
 * Only the owner of a folder with mode 0700 can have created the socket in it, so the process behind it is ours.
 * @returns undefined if no process has the workspace open @throws Problem `workspace-foreign`
 */
export async function reachEngine(root: string): Promise<OtherEngine | undefined> {
  const state = join(root, '.instance-manager')
  const info = await lstat(state)
  if (info.uid !== process.geteuid?.() || (info.mode & 0o077) !== 0) throw foreign(state)
  const connection = await connectLocally(join(state, engineSocket))
  if (!connection) return undefined
  const { client, connect, lost, close } = connection
  const status = await client.serve.status.query().catch(() => undefined) // a window serves no pages
  return {
    served: status && hostOf(status),
    connect,
    link: async () => linkSchema.parse((await client.serve.link.mutate()).link),
    urls: async () => (await client.instances.list.query()).instances.map(it => it.url),
    ended: lost,
    close,
  }
}

const foreign = (folder: string) =>
  problem({
    code: 'workspace-foreign',
    message: 'This workspace is open in another user’s Instance Manager.',
    cause: `${folder} isn’t yours, or others may enter it.`,
    hint: 'Use Instance Manager as the user who owns the workspace.',
  })
