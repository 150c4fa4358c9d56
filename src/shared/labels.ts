/** What an operator notes about an instance: tags to find it by, notes, a favourite, protected. */
import { z } from 'zod'

const tagSchema = z
  .string()
  .trim()
  .min(1, 'Enter a tag.')
  .max(24, 'At most 24 characters.')
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, 'Use letters, digits, spaces, dots, hyphens and underscores.')

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Unique regardless of case; the first spelling stays. */
export const tagsSchema = z
  .array(tagSchema)
  .max(10, 'At most 10 tags.')
  .transform(tags => tags.filter((it, index) => tags.findIndex(other => isSame(it, other)) === index))

export const notesSchema = z.string().trim().max(4000, 'At most 4000 characters.')

/** As kept in config.json. Absent: none. */
export const labelsSchema = z.looseObject({
  tags: tagsSchema.optional(),
  notes: notesSchema.optional(),
  favourite: z.boolean().optional(),
  /** Its name must be typed before it can be stopped, renamed, rebuilt or deleted. */
  protected: z.boolean().optional(),
})

export type Labels = Readonly<z.infer<typeof labelsSchema>>
