/** A component's view of a reader. */
import { useSyncExternalStore } from 'react'
import type { LogReader } from './reader'
import type { ReaderState } from './reader-state'

/**
 * A part of what a reader shows: a component that uses it is drawn anew only when that part changes. @param select
 * gives the same for the same state
 */
export const useReader = <T>(reader: LogReader, select: (state: ReaderState) => T): T =>
  useSyncExternalStore(reader.subscribe, () => select(reader.state()))
