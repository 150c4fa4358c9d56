/** Whether a user that owns nothing yet could reach what it is to run: the folders above it, Node, and PM2's own files. */
import { realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { problem } from '../../../shared/problem'
import { findNode } from '../../processes/daemon'
import { isRoot } from '../../system/users'

/**
 * @param folder the instance's, or where it will be
 * @throws Problem `system-user-needs-root`, `system-user-shut-out` naming the folder that is in the way
 */
export async function requireReach(folder: string): Promise<void> {
  if (!isRoot()) {
    throw problem({
      code: 'system-user-needs-root', message: 'Only root can give an instance a system user of its own.',
      cause: 'Instance Manager doesn\'t run as root, so every instance runs as your own user.', hint: 'Run it as root, e.g. with sudo, on a workspace of root\'s.',
    })
  }
  const program = createRequire(import.meta.url).resolve('pm2/lib/ProcessContainerFork.js') // PM2 runs every application through it
  for (const [path, what] of [[dirname(await realpath(folder).catch(() => folder)), 'The workspace'], [dirname(program), 'Instance Manager itself'], [await findNode(), 'Node.js']] as const) {
    const closed = await closedAt(await realpath(path))
    if (closed === undefined) continue
    throw problem({
      code: 'system-user-shut-out', message: `A system user could not reach ${closed}.`,
      cause: `${what} lies in it, and only its owner and group may enter.`,
      hint: `Move it to a folder that others may enter, such as /srv or /opt; or let others pass through this one, without listing it: "chmod o+x ${closed}"`,
    })
  }
}

/** The first folder on the way, or the last part itself, that other users may not enter or run. */
async function closedAt(path: string): Promise<string | undefined> {
  const parts = path.split('/').slice(1)
  for (const [index] of parts.entries()) {
    const part = `/${parts.slice(0, index + 1).join('/')}`
    if (((await stat(part)).mode & 0o001) === 0) return part
  }
  return undefined
}
