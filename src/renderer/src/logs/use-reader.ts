/** React hook for a reader's state. */
import { useSyncExternalStore } from 'react'
import type { LogReader } from './reader'
import type { ReaderState } from './reader-state'

/**
 * Selects a part of a reader's state; the component re-renders only when that part changes. @param select must return
 * the same value for the same state
 */
export const useReader = <T>(reader: LogReader, select: (state: ReaderState) => T): T =>
  useSyncExternalStore(reader.subscribe, () => select(reader.state()))
