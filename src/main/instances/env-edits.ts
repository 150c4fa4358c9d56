/** Changes of variables in an instance's `.env`: what the last one replaced, and which of it still holds. */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { parse } from 'dotenv'
import { z } from 'zod'
import type { EnvFile } from '../../shared/environment'
import { readJson } from '../system/files'
import type { InstancePaths } from '../workspace/paths'

/** One variable; null: it isn't in the file. */
export const editSchema = z.strictObject({
  key: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
})
export type Edit = Readonly<z.infer<typeof editSchema>>

/** Kept until the next change, to undo it. */
export const previousSchema = z.strictObject({ changed: z.iso.datetime(), edits: z.array(editSchema) })

export const versionOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

export function valuesIn(text: string): (key: string) => string | null {
  const values = new Map(Object.entries(parse(text)))
  return key => values.get(key) ?? null
}

/** Variables that were changed again since are left as they are. */
export function stillOurs(text: string, edits: readonly Edit[]): Edit[] {
  const valueOf = valuesIn(text)
  return edits.filter(it => valueOf(it.key) === it.after)
}

/** What the last change replaced: logs may still have it. */
export async function previousValues({ previousEnv }: InstancePaths): Promise<[key: string, value: string][]> {
  const edits = (await readJson(previousEnv, previousSchema))?.edits ?? []
  return edits.flatMap(({ key, before }) => (before === null ? [] : [[key, before]]))
}

/** @param text the content of its `.env` */
export async function envFileOf(paths: InstancePaths, text: string): Promise<EnvFile> {
  const [info, previous] = await Promise.all([
    stat(paths.env).catch(() => undefined),
    readJson(paths.previousEnv, previousSchema).catch(() => undefined), // an undo says what is wrong with it
  ])
  const ours = stillOurs(text, previous?.edits ?? [])
  return {
    version: versionOf(text),
    ...(info && { written: info.mtimeMs }),
    ...(previous && ours.length > 0 && { last: { changed: previous.changed, keys: ours.map(it => it.key) } }),
  }
}
