/** What a window's page puts into the application's menus: the same actions as in its command palette. */
import { z } from 'zod'

export const menuTitles = ['File', 'Instance', 'Infrastructure', 'View', 'Help'] as const
export type MenuTitle = (typeof menuTitles)[number]

export const menuEntriesSchema = z
  .array(
    z.object({
      menu: z.enum(menuTitles),
      id: z.string().max(200),
      label: z.string().max(200),
      /** Shown beside it, e.g. `Ctrl+K`; the page itself listens to it. */
      key: z.string().max(30).optional(),
      enabled: z.boolean(),
    }),
  )
  .max(100)
export type MenuEntry = Readonly<z.infer<typeof menuEntriesSchema>[number]>
