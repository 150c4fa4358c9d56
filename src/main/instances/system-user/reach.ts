/** Whether a new user could reach everything it must run, and nothing that it shouldn't. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '../../../shared/problem'
import { runtime } from '../../system/runtime'
import { isRoot } from '../../system/users'
import { readManifest } from '../../workspace/base'
import type { WorkspacePaths } from '../../workspace/paths'

/**
 * @param folder the instance's folder, which needn't exist yet
 * @throws Problem `system-user-needs-root`, `system-user-shut-out` naming the folder that is in the way,
 * `base-env-open`
 */
export async function requireReach({ root }: Pick<WorkspacePaths, 'root'>, folder: string): Promise<void> {
  if (!isRoot()) {
    throw problem({
      code: 'system-user-needs-root',
      message: 'Only root can give an instance its own system user.',
      cause: 'Instance Manager isn’t running as root, so every instance runs as your own user.',
      hint: 'Run it as root, e.g. with sudo, on a workspace that belongs to root.',
    })
  }
  for (const [path, what] of [
    [dirname(await realpath(folder).catch(() => folder)), 'the workspace'],
    [(await runtime()).node, 'Node.js'],
  ] as const) {
    const closed = await closedAt(await realpath(path))
    if (closed === undefined) continue
    throw problem({
      code: 'system-user-shut-out',
      message: `A system user couldn’t reach ${closed}.`,
      cause: `It contains ${what}, and only its owner and group may enter.`,
      hint: `Move it to a folder that others may enter, such as /srv. Or let others pass through this one without listing it: “chmod o+x ${closed}”`,
    })
  }
  const baseEnv = join(root, (await readManifest(root)).server.folder, '.env')
  if (((await stat(baseEnv).catch(() => undefined))?.mode ?? 0) & 0o004) {
    throw problem({
      code: 'base-env-open',
      message: `Every user on this machine can read ${baseEnv}.`,
      cause: 'It holds the base application’s secrets, and system users are users too.',
      hint: `Close it: “chmod go-rwx ${baseEnv}”`,
    })
  }
}

/** The first part of the path that other users may not enter (or, at its end, run). */
async function closedAt(path: string): Promise<string | undefined> {
  const parts = path.split('/').slice(1)
  for (const [index] of parts.entries()) {
    const part = `/${parts.slice(0, index + 1).join('/')}`
    if (((await stat(part)).mode & 0o001) === 0) return part
  }
  return undefined
}
