/** Settings of PostgreSQL that suit a machine's memory. */
import type { Settings } from './settings'

const megabyte = 2 ** 20
const within = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value))
const roundedTo = (step: number, value: number): number => Math.floor(value / step) * step

/**
 * By key. PostgreSQL's manual suggests a quarter of a dedicated server's memory for shared buffers; here the instances
 * run beside it, so it is an eighth. The rest is shared by all connections and sorts.
 * @param memory the machine's, in bytes
 */
export function proposalsFor(memory: number, { postgres }: Settings): Readonly<Record<string, number>> {
  const sharedBuffersMB = within(roundedTo(64, memory / 8 / megabyte), 128, 8192)
  // An idle connection takes about 2 MB: all of them at most a quarter.
  const maxConnections = within(roundedTo(50, memory / 4 / (2 * megabyte)), 150, 800)
  // As PGTune: three sorts for each connection at the same time.
  const workMemMB = within(Math.floor((memory / megabyte - sharedBuffersMB) / (3 * postgres.maxConnections)), 4, 64)
  return {
    'postgres.maxConnections': maxConnections,
    'postgres.sharedBuffersMB': sharedBuffersMB,
    'postgres.workMemMB': workMemMB,
  }
}
