/** A log of 3 GB, as PM2 writes them. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'

const bytes = 3e9
/** In about one line in 500,000. */
export const needle = 'connection refused by peer 4711'

/** When its first line was written. */
export const begin = new Date(2026, 10, 1).getTime()

/** Lines as PM2 writes them, about 8 MB per second of log time. */
export async function writeBigLog(path: string): Promise<void> {
  const file = createWriteStream(path, { highWaterMark: 1 << 23 })
  const body = Array.from(
    { length: 80_000 },
    (_, it) =>
      `GET /api/students/${(it * 7919) % 100_000} 200 ${it % 97} ms - session ${((it * 2_654_435_761) % 4e9).toString(36)}`,
  )
  let written = 0
  for (let second = 0; written < bytes; second++) {
    const at = new Date(begin + second * 10_000 - new Date(begin).getTimezoneOffset() * 60_000)
      .toISOString()
      .slice(0, 19)
    const text = `${at}: ${body.join(`\n${at}: `)}\n${second % 6 === 0 ? `${at}: ${needle}\n` : ''}`
    written += text.length
    if (!file.write(text)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
  // Otherwise pending writes would reach the disk during the measurement.
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
