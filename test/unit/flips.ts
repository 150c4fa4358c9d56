/** A file with one bit flipped, each bit in turn. */
import { readFile, writeFile } from 'node:fs/promises'
import { isDeepStrictEqual } from 'node:util'
import { ProblemError } from '../../src/shared/problem'

/**
 * @returns the flips after which `read` gave something else than before, or failed otherwise than with `file-corrupt`
 */
export async function obeyedFlips(path: string, read: () => Promise<unknown>): Promise<string[]> {
  const whole = await readFile(path)
  const before = await read()
  const obeyed: string[] = []
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await writeFile(path, flipped)
    const found = await read().catch((error: unknown) => error)
    const refused = found instanceof ProblemError && found.problem.code === 'file-corrupt'
    if (!refused && !isDeepStrictEqual(found, before))
      obeyed.push(`bit ${bit & 7} of byte ${bit >> 3}: ${flipped.toString()}`)
  }
  await writeFile(path, whole)
  return obeyed
}
