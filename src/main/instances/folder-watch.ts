/** Watches `instances/` and the instances' folders for changes made by anyone. */
import { watch, type FSWatcher } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Reports every change in a folder and directly in its subfolders (no deeper: uploads don't matter) until the signal is
 * aborted. Folders beyond the system's limit of watches are left out, so callers must also look now and then.
 */
export function watchFolders(root: string, signal: AbortSignal, onChange: () => void): void {
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
        watch(join(root, name), onChange).on('error', () => forget(name)),
      )
    } catch {
      /* it is gone, isn't a folder, or there are too many */
    }
  }
  const addAll = async (): Promise<void> => {
    for (const name of await readdir(root).catch(() => [])) add(name)
  }
  try {
    watch(root, { signal }, (_, name) => {
      if (name !== null) forget(name) // another folder may have its name now
      void addAll().then(onChange)
    }).on('error', onChange)
  } catch {
    /* as above */
  }
  signal.addEventListener('abort', () => {
    for (const name of watched.keys()) forget(name)
  })
  void addAll()
}
