/** The originals of the three files that an adoption rewrites, kept until it settles. Links are kept as links. */
import { copyFile, lstat, mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Manifest } from '../../shared/workspace'
import { existsItself, syncFolder } from '../system/files'
import { removeTree } from '../system/tree'
import { pathsIn, type InstancePaths } from '../workspace/paths'
import type { Trash } from './trash'

const files = ['config', 'databaseConfig', 'env'] as const

/**
 * Where they are kept: a folder with the same layout in the trash, which is emptied once no open operation has the
 * token.
 */
export const originalsOf = (trash: Trash, token: string, manifest: Manifest): InstancePaths =>
  pathsIn(trash.placeOf(token), manifest)

/** Keeps all or none; doesn't replace those already kept. @param instances the folder that contains both */
export async function keepOriginals(instances: string, from: InstancePaths, originals: InstancePaths): Promise<void> {
  if (await existsItself(originals.folder)) return
  const fresh = join(instances, `.new${basename(originals.folder)}`) // not in the trash, which may be emptied meanwhile
  await removeTree(fresh)
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  for (const it of files) await copy(from[it], originals[it].replace(originals.folder, fresh))
  await rename(fresh, originals.folder)
  await syncFolder(instances)
}

/** Restores the files, and removes those that didn't exist before. */
export async function restoreOriginals(originals: InstancePaths, target: InstancePaths): Promise<void> {
  for (const it of files.toReversed()) {
    await rm(target[it], { force: true })
    await copy(originals[it], target[it])
  }
}

async function copy(from: string, target: string): Promise<void> {
  const info = await lstat(from).catch(() => undefined)
  if (!info) return
  await mkdir(dirname(target), { recursive: true, mode: 0o700 })
  if (info.isSymbolicLink()) return symlink(await readlink(from), target)
  await copyFile(from, target) // keeps its mode
  const file = await open(target, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
