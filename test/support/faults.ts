/**
 * Acts at an exact moment of an operation: when a line of its journal is about to be written, half written, or safely
 * on disk; or when one of its files is written but not yet renamed into place. Wraps this process's file handles, so
 * that the code under test needs no changes.
 */
import fs, { readlinkSync } from 'node:fs'
import promises, { open, type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

export interface Moment {
  /**
   * `before` a journal line is written (the work is done but not recorded), `torn` half-way through it, `after` it is
   * on disk; `writing`: a file is written under its temporary name; `renamed`: a file or folder has just been given
   * that name.
   */
  readonly at: 'before' | 'torn' | 'after' | 'writing' | 'renamed'
  /**
   * Of a journal: `done push-schema`, `turned`, `opened`, `settled`. For `writing`: a text in the file's content. When
   * `renamed`: how the new path ends.
   */
  readonly what: string
}

/** The subject of a journal line; undefined for other files. */
function entryOf(data: unknown): string | undefined {
  try {
    const line = JSON.parse(String(data).split('\t')[0] ?? '') as {
      id?: string
      at?: string
      type?: string
      step?: string
    }
    return line.id && line.at && line.type ? [line.type, line.step].filter(Boolean).join(' ') : undefined
  } catch {
    return undefined
  }
}

/** Calls `act` at each of the moments, once each, until the function returned is called. */
export async function armFaults(moments: readonly Moment[], act: (moment: Moment) => void): Promise<() => void> {
  const left = new Set(moments)
  const handle = await open('/dev/null')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const { writeFile, sync } = prototype
  const dueAfterSync = new WeakMap<FileHandle, Moment>()
  const take = (...candidates: Moment[]): Moment | undefined => {
    const found = [...left].find(it => candidates.some(other => other.at === it.at && other.what === it.what))
    if (found) left.delete(found)
    return found
  }
  prototype.writeFile = async function (this: FileHandle, data, ...rest) {
    const what = entryOf(data)
    if (what === undefined) {
      await writeFile.call(this, data, ...rest)
      const writing = [...left].find(
        it =>
          it.at === 'writing' &&
          String(data).includes(it.what) &&
          readlinkSync(`/proc/self/fd/${this.fd}`).endsWith('.tmp'),
      )
      if (writing && take(writing)) act(writing)
      return
    }
    const early = take({ at: 'before', what })
    if (early) act(early)
    const torn = take({ at: 'torn', what })
    if (torn) {
      await writeFile.call(this, String(data).slice(0, -20), ...rest)
      act(torn)
    }
    const late = take({ at: 'after', what })
    if (late) dueAfterSync.set(this, late)
    await writeFile.call(this, data, ...rest)
  }
  prototype.sync = async function (this: FileHandle) {
    await sync.call(this)
    const late = dueAfterSync.get(this)
    if (!late) return
    dueAfterSync.delete(this)
    act(late)
  }
  const [{ rename }, { renameSync }] = [promises, fs]
  const afterRename = (to: unknown): void => {
    const renamed = [...left].find(it => it.at === 'renamed' && String(to).endsWith(it.what))
    if (renamed && take(renamed)) act(renamed)
  }
  promises.rename = async (from, to) => {
    await rename(from, to)
    afterRename(to)
  }
  fs.renameSync = (from, to) => {
    renameSync(from, to)
    afterRename(to)
  }
  syncBuiltinESMExports()
  return () => {
    Object.assign(prototype, { writeFile, sync })
    promises.rename = rename
    fs.renameSync = renameSync
    syncBuiltinESMExports()
  }
}
