/** Puts a part of a release where it is used: shared as far as possible, otherwise copied. */
import { constants } from 'node:fs'
import { copyFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { makeFolder } from '../system/files'
import { mapLimited } from '../system/map-limited'
import type { Run } from '../system/run'
import { syncTimeout, type PartName, type Parts } from './parts'

export interface Placing {
  readonly parts: Parts
  readonly run: Run
  readonly signal: AbortSignal
}

/**
 * Adds to what is already in `target`. Files there are replaced, never written into.
 * @throws Problem `release-missing`
 */
export async function layPart(
  { parts, run, signal }: Placing,
  name: PartName,
  target: string,
  how: 'copy' | 'share',
): Promise<void> {
  const info = await parts.info(name)
  if (!info)
    throw problem({
      code: 'release-missing',
      message: 'A part of the prepared release is missing.',
      cause: name,
      hint: 'Try again: it will be prepared again.',
      action: 'retry',
    })
  const content = parts.content(name)
  await makeFolder(target)
  for (const it of info.removed) await rm(join(target, it), { force: true })
  const way = how === 'share' && info.shared ? await sharedBy(content, target) : 'copy'
  await run('cp', ['--archive', '--remove-destination', ...options[way], '--no-target-directory', content, target], {
    signal,
    timeout: syncTimeout,
  })
  if (way === 'link') await replaceByCopies(content, info.copied, target)
  // it is read-only only to protect those who share it
  else if (info.shared) await run('chmod', ['--recursive', 'u+w', target], { signal, timeout: syncTimeout })
}

const options = { clone: ['--reflink=always'], link: ['--link'], copy: ['--reflink=auto'] } as const

/**
 * A clone shares blocks until one side writes: as cheap as a link, and changes stay private. XFS and Btrfs support it;
 * ext4 doesn't.
 */
async function sharedBy(content: string, target: string): Promise<'clone' | 'link' | 'copy'> {
  const [from, to] = await Promise.all([stat(content), stat(target)])
  if (from.dev !== to.dev) return 'copy'
  const probe = join(target, '.instance-manager-probe')
  const clones = await copyFile(join(dirname(content), 'part.json'), probe, constants.COPYFILE_FICLONE_FORCE).then(
    () => true,
    () => false,
  )
  await rm(probe, { force: true })
  return clones ? 'clone' : 'link'
}

/** Files copied at the same time. */
const atOnce = 64

async function replaceByCopies(content: string, files: readonly string[], target: string): Promise<void> {
  await mapLimited(files, atOnce, async it => {
    await rm(join(target, it)) // copying onto the link would write through it
    await copyFile(join(content, it), join(target, it), constants.COPYFILE_EXCL)
  })
}
