/** Changes of files in `instances/` and in the instances' own folders, whoever makes them. */
import { watch, type FSWatcher } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Tells of every change in a folder and directly in its subfolders (not deeper: uploads are no news), until the signal.
 * Where the system cannot watch any more folders, those are left out: who listens looks now and then by itself.
 */
export function watchFolders(root: string, signal: AbortSignal, tell: () => void): void {
  const watched = new Map<string, FSWatcher>()
  const forget = (name: string): void => {
    watched.get(name)?.close()
    watched.delete(name)
  }
  const add = (name: string): void => {
    if (signal.aborted || watched.has(name) || name.startsWith('.')) return
    try {
      watched.set(
        name,
        watch(join(root, name), tell).on('error', () => forget(name)),
      )
    } catch {
      /* it is gone, is no folder, or there are too many */
    }
  }
  const addAll = async (): Promise<void> => {
    for (const name of await readdir(root).catch(() => [])) add(name)
  }
  try {
    watch(root, { signal }, (_, name) => {
      if (name !== null) forget(name) // another folder may have its name now
      void addAll().then(tell)
    }).on('error', tell)
  } catch {
    /* as above */
  }
  signal.addEventListener('abort', () => {
    for (const name of watched.keys()) forget(name)
  })
  void addAll()
}
