/** Reads the folder of journals when it is opened. */
import { readdir } from 'node:fs/promises'
import { isOpen } from '../../shared/operation'
import { mapLimited } from '../system/map-limited'
import type { Unreadable } from './claims'
import { keptOfKind } from './history'
import { idOfFile, Journal, removeJournal, type Readable, type Reading } from './journal'
import type { Glance } from './journal-lines'
import type { Kinds } from './kinds'
import { recoverable } from './recoverable'

export interface FoundJournals {
  readonly usable: readonly Readable[]
  readonly unreadable: readonly Unreadable[]
  /**
   * Journals that aren't needed: of operations that never began (or are just beginning in another process), and of all
   * but the newest settled operations of each kind.
   */
  readonly spare: readonly string[]
}

/** Files read at a time: enough to keep the disk busy, and far below the limit of open files. */
const atOnce = 32

/** @param kinds loaded if there is an unsettled journal */
export async function findJournals(folder: string, kinds: Kinds): Promise<FoundJournals> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const glances = await mapLimited(
    files.map(idOfFile).filter(it => it !== undefined),
    atOnce,
    async id => ({ id, settled: await Journal.glance(folder, id) }),
  )
  const old = oldOnes(glances.filter((it): it is Settled => it.settled !== undefined))
  const found = { usable: [] as Readable[], unreadable: [] as Unreadable[], spare: [...old] }
  for (const { id, reading } of await mapLimited(
    glances.filter(it => !old.has(it.id)),
    atOnce,
    async it => ({ id: it.id, reading: await read(folder, it.id, kinds) }),
  )) {
    if (!reading) found.spare.push(id)
    else if (reading.problem) found.unreadable.push(reading)
    else found.usable.push(reading)
  }
  return found
}

interface Settled {
  readonly id: string
  readonly settled: Glance
}

/** Sorted by when they settled, so that one which was stuck for a long time and has just settled counts as new. */
function oldOnes(settled: readonly Settled[]): ReadonlySet<string> {
  const kinds = new Map<string, Settled[]>()
  for (const it of settled) {
    const same = kinds.get(it.settled.kind)
    if (same) same.push(it)
    else kinds.set(it.settled.kind, [it])
  }
  return new Set(
    [...kinds.values()].flatMap(it =>
      it
        .toSorted(bySettling)
        .slice(0, -keptOfKind)
        .map(({ id }) => id),
    ),
  )
}

const bySettling = (a: Settled, b: Settled): number =>
  Date.parse(a.settled.settledAt) - Date.parse(b.settled.settledAt) || (a.id < b.id ? -1 : 1)

async function read(folder: string, id: string, kinds: Kinds): Promise<Reading | undefined> {
  const reading = await Journal.read(folder, id)
  // A settled operation is history, whatever its kind and version.
  if (!reading || reading.problem || !isOpen(reading.state)) return reading
  return await recoverable(reading, (await kinds.load()).get(reading.opened.kind))
}

/** Deletes the journals that aren't needed. The caller must hold the workspace's lock. */
export const tidy = async (folder: string, { spare }: FoundJournals): Promise<void> => {
  await mapLimited(spare, atOnce, it => removeJournal(folder, it))
}
