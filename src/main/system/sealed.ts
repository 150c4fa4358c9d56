/**
 * Our own small JSON files with a checksum, so that a damaged one is refused instead of obeyed: `{ "content": …, "sum":
 * "…" }`. A file without the envelope, as written by 0.1 or by hand, is read too; the next change seals it.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { explain } from './explain'
import { corrupt, readJson, writeFileAtomic } from './files'

const envelope = z.strictObject({ content: z.json(), sum: z.string() })
const sumOf = (content: unknown): string => createHash('sha256').update(JSON.stringify(content)).digest('hex')

/** Bytes. Unfinished operations may keep large secrets; a file that couldn't be read again is never written. */
const maxBytes = 64 << 20

/**
 * @param schema must refuse the envelope itself
 * @param hint what to do about a refused file, which is left as it is
 * @returns undefined if there is no such file
 * @throws Problem `file-corrupt`, `file-too-large`
 */
export async function readSealed<T>(path: string, schema: z.ZodType<T>, hint: string): Promise<T | undefined> {
  const found = await readJson(path, z.json(), { hint, maxBytes })
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

/** @throws Problem `file-too-large`; the file stays as it is then */
export async function writeSealed(path: string, content: z.core.util.JSONType): Promise<void> {
  const text = `${JSON.stringify({ content, sum: sumOf(content) }, null, 2)}\n`
  if (Buffer.byteLength(text) > maxBytes)
    throw problem({
      code: 'file-too-large',
      message: `${path} would become too large.`,
      cause: `It can have at most ${maxBytes >> 20} MB.`,
      hint: 'Nothing was changed. Finish the open operations or roll them back, then try again.',
    })
  await writeFileAtomic(path, text, 0o600)
}
