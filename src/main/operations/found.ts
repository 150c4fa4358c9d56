/** What lies in the folder of journals when it is opened. */
import { readdir } from 'node:fs/promises'
import { isOpen } from '../../shared/operation'
import type { Unreadable } from './claims'
import { bySettling } from './history'
import { idOfFile, Journal, removeJournal, type Readable, type Reading } from './journal'
import type { AnyOperation } from './operation'
import { recoverable } from './recoverable'

export interface Found {
  /** Oldest first. */
  readonly usable: readonly Readable[]
  readonly unreadable: readonly Unreadable[]
  /** Of what never began, or is just beginning in another process. */
  readonly empty: readonly string[]
}

/** How many files are read at a time: enough to keep the disk busy, and far from the limit of open files. */
const atOnce = 32

export async function findJournals(folder: string, kinds: ReadonlyMap<string, AnyOperation>): Promise<Found> {
  const found = { usable: [] as Readable[], unreadable: [] as Unreadable[], empty: [] as string[] }
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const ids = files.map(idOfFile).filter(it => it !== undefined).toSorted()
  for (let at = 0; at < ids.length; at += atOnce) {
    const readings = await Promise.all(ids.slice(at, at + atOnce).map(async id => ({ id, reading: await read(folder, id, kinds) })))
    for (const { id, reading } of readings) {
      if (!reading) found.empty.push(id)
      else if (reading.problem) found.unreadable.push(reading)
      else found.usable.push(reading)
    }
  }
  return found
}

async function read(folder: string, id: string, kinds: ReadonlyMap<string, AnyOperation>): Promise<Reading | undefined> {
  const reading = await Journal.read(folder, id)
  return reading && (reading.problem ? reading : recoverable(reading, kinds))
}

/** Deletes the journals of what never began, and of settled operations but the newest of each kind. Only for whoever has the lock. @returns the settled ones that stay */
export async function tidy(folder: string, { usable, empty }: Found, keptOfKind: number): Promise<readonly Readable[]> {
  const counts = new Map<string, number>()
  const kept: Readable[] = []
  const gone = [...empty]
  for (const it of usable.filter(({ state }) => !isOpen(state)).toSorted((a, b) => bySettling(a.state, b.state)).toReversed()) {
    const count = (counts.get(it.state.kind) ?? 0) + 1
    counts.set(it.state.kind, count)
    if (count <= keptOfKind) kept.push(it)
    else gone.push(it.id)
  }
  await Promise.all(gone.map(it => removeJournal(folder, it)))
  return kept
}
