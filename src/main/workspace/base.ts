/** The base application: what it must have, which of its files count, and its manifest. We never change it. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { problem } from '../../shared/problem'
import { manifestSchema, type BaseCheck, type Manifest, type WorkspaceCheck } from '../../shared/workspace'
import { exists, readJson } from '../system/files'
import { workspacePaths } from './paths'

/** The workspace's manifest, or the guide's defaults. @throws Problem `file-corrupt` */
export async function readManifest(root: string): Promise<Manifest> {
  return (await readJson(workspacePaths(root).manifest, manifestSchema)) ?? manifestSchema.parse({})
}

/** PATH, which npm uses, and containers' mounts both separate paths with “:”. */
export const isUnusable = (path: string): boolean => path.includes(delimiter)
export const usablePath = {
  item: `A path without “${delimiter}”`,
  found: false,
  hint: 'npm and containers can’t work in such a folder, so rename it.',
} as const

/** Checks whether a folder can be a workspace, and which of the required things it has. Changes nothing. */
export async function checkWorkspace(root: string): Promise<WorkspaceCheck> {
  const folder = await stat(root).catch(() => undefined)
  if (!folder?.isDirectory()) {
    return {
      path: root,
      usable: false,
      instances: 0,
      checks: [{ item: 'Folder', found: false, hint: folder ? 'This is a file.' : 'There is no such folder.' }],
    }
  }
  if (isUnusable(root)) return { path: root, usable: false, instances: 0, checks: [usablePath] }
  const manifest = await readManifest(root)
  const { server, client } = manifest
  const look = async (item: string, hint: string): Promise<BaseCheck> => {
    const found = await exists(join(root, item))
    return found ? { item, found } : { item, found, hint }
  }
  const checks = await Promise.all([
    look(`${server.folder}/package.json`, 'The server is an npm package.'),
    look(
      `${server.folder}/${server.entry}`,
      'PM2 starts this file. If it has another name, set server.entry in instance-manager.json.',
    ),
    look(`${server.folder}/prisma/schema.prisma`, 'The schema is pushed to each new database.'),
    look(`${client.folder}/package.json`, 'The client is an npm package with a “build” script.'),
  ])
  const instances = await readdir(workspacePaths(root).instances, { withFileTypes: true }).catch(() => [])
  return {
    path: root,
    usable: checks.every(it => it.found),
    checks,
    instances: instances.filter(it => it.isDirectory()).length,
  }
}

/** The folder's real path. @throws Problem `workspace-unusable`, which lists what is missing */
export async function requireWorkspace(root: string): Promise<string> {
  const check = await checkWorkspace(root)
  if (check.usable) return realpath(root)
  const missing = check.checks.filter(it => !it.found)
  throw problem({
    code: 'workspace-unusable',
    message: `${root} isn’t a workspace.`,
    field: 'path',
    cause: `Missing: ${missing.map(it => it.item).join(', ')}.`,
    hint: missing.map(it => it.hint).join(' '),
  })
}

/** Folders created by npm and git, which never count as the application's own. */
const foreign = new Set(['node_modules', '.git'])

/**
 * The base application's own files, relative to the workspace, sorted: a release is made from these. Without installed
 * packages, the client's build, the server's .env (secrets belong to instances) and the contents of data folders.
 */
export async function baseFiles(root: string, { server, client }: Manifest): Promise<string[]> {
  const skipped = new Set([
    join(client.folder, client.output),
    join(server.folder, '.env'),
    ...server.dataFolders.map(it => join(server.folder, it)),
  ])
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true })
    const found = await Promise.all(
      entries.map(async entry => {
        const path = join(folder, entry.name)
        if (foreign.has(entry.name) || skipped.has(path)) return []
        if (entry.isDirectory()) return walk(path)
        return entry.isFile() || entry.isSymbolicLink() ? [path] : []
      }),
    )
    return found.flat()
  }
  return (await Promise.all([walk(server.folder), walk(client.folder)])).flat().toSorted()
}
