/** What a rebuild keeps. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { Manifest } from '../../../shared/workspace'
import type { Releases } from '../../releases/releases'
import { pathsBelow } from '../../releases/tree'
import { readIfExists } from '../../system/files'
import type { Run } from '../../system/run'
import { measure } from '../../system/tree'
import { baseFiles } from '../../workspace/base'
import type { InstancePaths, WorkspacePaths } from '../../workspace/paths'
import { ownPaths, withoutOwn } from './own-files'

/** How many files of a data folder are counted; 20,000 take half a second on a busy machine. */
const maxFiles = 20_000

/** How many other files are listed by name. */
const listed = 10

export interface StaysServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  readonly releases: Pick<Releases, 'kept'>
}

/** @param release the fingerprint of the release that the instance has, if known */
export async function whatStays(
  services: StaysServices,
  manifest: Manifest,
  { server, env }: Pick<InstancePaths, 'server' | 'env'>,
  release: string | undefined,
  signal?: AbortSignal,
): Promise<RebuildReview['stays']> {
  const { dataFolders } = manifest.server
  const [folders, text, own] = await Promise.all([
    Promise.all(
      dataFolders.map(async path => {
        const { files, bytes, complete } = await measure(join(server, path), { signal, maxFiles })
        return { path, files, bytes, complete }
      }),
    ),
    readIfExists(env),
    otherFiles(services, manifest, server, release, signal),
  ])
  return {
    folders: folders.filter(it => it.files > 0),
    keys: Object.keys(parse(text ?? '')),
    own: { count: own.length, names: own.slice(0, listed) },
  }
}

/**
 * All but data folders and `.env`; a folder counts as one. Caches that tools leave among the packages aren't listed.
 */
async function otherFiles(
  { paths: { root }, run, releases: { kept } }: StaysServices,
  manifest: Manifest,
  server: string,
  release: string | undefined,
  signal?: AbortSignal,
): Promise<string[]> {
  const [present, known, base] = await Promise.all([
    pathsBelow(run, server, { closed: manifest.server.dataFolders, signal }),
    release === undefined ? undefined : kept.serverPaths(release),
    baseFiles(root, manifest),
  ])
  const folder = `${manifest.server.folder}/`
  const coming = base.filter(it => it.startsWith(folder)).map(it => it.slice(folder.length))
  const released = new Set(withoutOwn([...(known ?? []), ...coming.flatMap(withParents)], manifest))
  const stated = new Set(['.env', ...manifest.server.dataFolders])
  const own = present.filter(it => !it.startsWith('node_modules/') && it !== 'node_modules')
  return ownPaths(own, released)
    .filter(it => !stated.has(it))
    .toSorted((a, b) => a.localeCompare(b, 'en'))
}

/** A file's path and those of the folders it is in. */
const withParents = (path: string): string[] =>
  path.split('/').map((_, index, names) => names.slice(0, index + 1).join('/'))
