/** Saved views: arrangements of the list of instances (search, filter, order, table or grid), each under a name. */
import { z } from 'zod'

export const viewNameSchema = z.string().trim().min(1, 'Enter a name.').max(40, 'At most 40 characters.')

export const savedViewSchema = z.object({
  name: viewNameSchema,
  /** As the list's address says it, after its question mark. */
  arrangement: z.string().max(1000),
})
export type SavedView = Readonly<z.infer<typeof savedViewSchema>>

export const mostViews = 50

/** Names are unique regardless of case. */
export const isNamed =
  (name: string) =>
  (view: SavedView): boolean =>
    view.name.toLowerCase() === name.trim().toLowerCase()
