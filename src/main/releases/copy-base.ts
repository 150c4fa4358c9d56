/** Copies the base application's own files aside and checks them against the fingerprint. */
import { constants } from 'node:fs'
import { cp } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import { makeFolder } from '../system/files'
import { baseFiles } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import type { Sources } from './inputs'

/** The base application as an operation's plan pins it. */
export interface PinnedBase {
  readonly root: string
  readonly manifest: Manifest
  readonly fingerprint: string
  readonly nodeMajor: string
  /**
   * `install`: use `npm install` even if there is a lock file, for one that doesn't match its package.json. Default:
   * `ci`.
   */
  readonly install?: 'ci' | 'install'
}

/** @throws Problem `base-changed`, the signal's reason */
export async function copyBase(base: PinnedBase, target: string, signal: AbortSignal): Promise<Sources> {
  const files = await baseFiles(base.root, base.manifest)
  await copyFiles(base.root, files, target, signal)
  if ((await fingerprint(target, base.manifest, base.nodeMajor)) === base.fingerprint) return { root: target, files }
  throw problem({
    code: 'base-changed',
    message: 'The base application changed while it was being prepared.',
    hint: 'Try again when nobody is editing server/ or client/.',
  })
}

/** @param files relative to both folders */
export async function copyFiles(
  from: string,
  files: readonly string[],
  to: string,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([...new Set(files.map(it => dirname(it)))].map(it => makeFolder(join(to, it))))
  for (const file of files) {
    signal.throwIfAborted()
    await cp(join(from, file), join(to, file), { verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE })
  }
}
