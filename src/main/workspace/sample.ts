/** Creates a new workspace from the sample application. */
import { randomBytes } from 'node:crypto'
import { cp, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { makeFolder, syncFolder } from '../system/files'
import { isUnusable, usablePath } from './base'

/**
 * Copies the sample application, all or nothing: to a folder beside the target, which is then renamed.
 * @param target a folder that doesn't exist yet or is empty
 * @throws Problem `workspace-unusable`, `folder-not-empty`, `folder-not-writable`
 */
export async function createSample(sample: string, target: string): Promise<void> {
  if (isUnusable(target))
    throw problem({
      code: 'workspace-unusable',
      message: `${target} can’t be a workspace.`,
      field: 'path',
      cause: `It needs ${usablePath.item.replace('A', 'a')}.`,
      hint: 'Choose another folder.',
    })
  const present = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unwritable(target, error)
  })
  if (present?.length) {
    throw problem({
      code: 'folder-not-empty',
      message: `${target} isn’t empty.`,
      field: 'path',
      hint: 'Choose a new folder. To use its contents, choose “Open an existing folder”.',
    })
  }
  const aside = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}`)
  try {
    await makeFolder(dirname(target))
    await cp(sample, aside, {
      recursive: true,
      filter: source => !/\/(node_modules|build|uploads)$/.test(source.slice(sample.length)),
    })
    if (present) await rmdir(target)
    await rename(aside, target)
    await syncFolder(dirname(target))
  } catch (error) {
    await rm(aside, { recursive: true, force: true })
    throw unwritable(target, error as NodeJS.ErrnoException)
  }
}

const unwritable = (target: string, error: NodeJS.ErrnoException) =>
  problem(
    {
      code: 'folder-not-writable',
      message: `The workspace can’t be created at ${target}.`,
      field: 'path',
      cause: `${error.code ?? 'error'}: ${error.syscall ?? 'copy'} failed.`,
      hint: 'Choose a folder that you can write to, on a disk with free space.',
    },
    error,
  )
