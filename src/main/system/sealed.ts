/**
 * Our own small JSON files with a checksum, so that a damaged one is refused instead of obeyed: `{ "content": …, "sum":
 * "…" }`. A file without the envelope, as written by 0.1 or by hand, is read too; the next change seals it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { explain } from './explain'
import { corrupt, readJson, writeJson } from './files'

const envelope = z.strictObject({ content: z.json(), sum: z.string() })
const sumOf = (content: unknown): string => createHash('sha256').update(JSON.stringify(content)).digest('hex')

/**
 * @param schema must refuse the envelope itself
 * @param hint what to do about a refused file, which is left as it is
 * @returns undefined if there is no such file
 * @throws Problem `file-corrupt`, `file-too-large`
 */
export async function readSealed<T>(path: string, schema: z.ZodType<T>, hint: string): Promise<T | undefined> {
  const found = await readJson(path, z.json(), { hint })
  if (found === undefined) return undefined
  const sealed = envelope.safeParse(found)
  if (sealed.success && sealed.data.sum !== sumOf(sealed.data.content)) {
    throw corrupt(
      path,
      'Its checksum differs: it was damaged, or changed by hand.',
      `${hint} If it was changed on purpose, keep only what is in “content”.`,
    )
  }
  const result = schema.safeParse(sealed.success ? sealed.data.content : found)
  if (!result.success) throw corrupt(path, explain(result.error, schema), hint)
  return result.data
}

export const writeSealed = (path: string, content: z.core.util.JSONType): Promise<void> =>
  writeJson(path, { content, sum: sumOf(content) })
