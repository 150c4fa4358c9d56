/** What lies in the folder of journals when it is opened. */
import { readdir } from 'node:fs/promises'
import { isOpen, type UnreadableJournal } from '../../shared/operation'
import { idOfFile, Journal, removeJournal, type Readable } from './journal'
import type { AnyOperation } from './operation'
import { recoverable } from './recoverable'

/** With whom it is about, if that can be read. */
export type Unreadable = UnreadableJournal & { readonly subject: string | undefined }

export interface Found {
  /** Oldest first. */
  readonly usable: readonly Readable[]
  readonly unreadable: readonly Unreadable[]
  /** Of what never began, or is just beginning in another process. */
  readonly empty: readonly string[]
}

export async function findJournals(folder: string, kinds: ReadonlyMap<string, AnyOperation>): Promise<Found> {
  const found = { usable: [] as Readable[], unreadable: [] as Unreadable[], empty: [] as string[] }
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const id of files.toSorted((a, b) => (a < b ? -1 : 1)).map(idOfFile)) {
    if (id === undefined) continue
    const reading = await Journal.read(folder, id)
    const usable = reading && (reading.problem ? reading : await recoverable(reading, kinds))
    if (!usable) found.empty.push(id)
    else if (usable.problem) found.unreadable.push({ id, problem: usable.problem, subject: usable.subject })
    else found.usable.push(usable)
  }
  return found
}

/** Deletes the journals of what never began, and of settled operations but the newest. Only for who has the lock. @returns the settled ones that stay */
export async function tidy(folder: string, { usable, empty }: Found, kept: number): Promise<readonly Readable[]> {
  const settled = usable.filter(it => !isOpen(it.state))
  for (const id of [...empty, ...settled.slice(0, -kept).map(it => it.id)]) await removeJournal(folder, id)
  return settled.slice(-kept)
}
