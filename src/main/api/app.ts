/** The app itself: which workspace is open. */
import { realpath } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import { menuEntriesSchema } from '../../shared/menu'
import { problem } from '../../shared/problem'
import { themes } from '../../shared/theme'
import { procedure, router } from './trpc'

/** An absolute path; `~` is the user's home. */
const path = z.object({
  path: z
    .string()
    .trim()
    .min(1, 'Name a folder.')
    .max(4000)
    .refine(it => !it.includes('\0'), 'No NUL characters.')
    .refine(it => isAbsolute(it) || it.startsWith('~/') || it === '~', 'Enter the full path, starting with /.'),
})
const absolute = (home: string, given: string): string => resolve(given.replace(/^~(?=\/|$)/, home))

export const appRouter = router({
  watch: procedure.subscription(({ ctx: { app }, signal }) => app.watch(signal ?? new AbortController().signal)),
  /** Another version of the product that is installed or available; null if there is none. */
  update: procedure.query(({ ctx: { app }, signal = new AbortController().signal }) => app.updates.find(signal)),
  watchUpdate: procedure.subscription(({ ctx: { app }, signal = new AbortController().signal }) =>
    app.updates.watch(signal),
  ),
  chooseFolder: procedure
    .input(z.object({ title: z.string().max(100) }))
    .mutation(async ({ ctx: { app }, input }) => (await app.desktop?.chooseFolder(input.title)) ?? null),
  chooseImageFile: procedure
    .input(z.object({ title: z.string().max(100) }))
    .mutation(async ({ ctx: { app }, input }) => (await app.desktop?.chooseImageFile(input.title)) ?? null),
  chooseFile: procedure
    .input(
      z.object({
        title: z.string().max(100),
        name: z
          .string()
          .max(200)
          .regex(/^[^/\0]+$/),
      }),
    )
    .mutation(async ({ ctx: { app }, input }) => (await app.desktop?.chooseFile(input.title, input.name)) ?? null),
  checkFolder: procedure.input(path).query(({ ctx: { app }, input }) => app.check(absolute(app.home, input.path))),
  folders: procedure
    .input(z.object({ path: z.string().max(4000) }))
    .query(({ ctx: { app }, input }) => app.folders(absolute(app.home, input.path), input.path.endsWith('/'))),
  /** Folders, and files that may hold an image of a container. */
  imageFiles: procedure
    .input(z.object({ path: z.string().max(4000) }))
    .query(({ ctx: { app }, input }) => app.imageFiles(absolute(app.home, input.path), input.path.endsWith('/'))),
  open: procedure.input(path).mutation(({ ctx: { app }, input }) => app.open(absolute(app.home, input.path))),
  createSample: procedure
    .input(path)
    .mutation(({ ctx: { app }, input }) => app.createSample(absolute(app.home, input.path))),
  /** Shows a workspace that is open elsewhere through the engine that has it. */
  join: procedure.input(path).mutation(({ ctx: { app }, input }) => app.join(absolute(app.home, input.path))),
  /** A link to the pages of the server that has the workspace open. */
  linkTo: procedure
    .input(path)
    .mutation(async ({ ctx: { app }, input }) => ({ link: await app.linkTo(absolute(app.home, input.path)) })),
  /** Who else would lose the workspace if the caller closed it. */
  others: procedure.query(({ ctx: { app, session } }) => app.others(session)),
  close: procedure.mutation(({ ctx: { app } }) => app.close()),
  forget: procedure.input(path).mutation(({ ctx: { app }, input }) => app.forget(input.path)),
  openLogs: procedure
    .input(
      z.object({
        path: z
          .string()
          .max(1000)
          .regex(/^\/window\/logs(?:\/[\w.!@-]+)+$/),
      }),
    )
    .mutation(({ ctx: { app }, input }) => app.desktop?.openLogs(input.path)),
  setTheme: procedure.input(z.enum(themes)).mutation(({ ctx: { app }, input }) => app.desktop?.setTheme(input)),
  /** What the page offers in the application's menus. */
  setMenu: procedure.input(menuEntriesSchema).mutation(({ ctx: { app }, input }) => app.desktop?.setMenu(input)),
  /** What is chosen there. */
  watchMenu: procedure.subscription(async function* ({ ctx: { app }, signal = new AbortController().signal }) {
    if (app.desktop) yield* app.desktop.menuChoices(signal)
  }),
  /** Shows an instance's folder in the file manager, or opens a terminal there. */
  openFolder: procedure
    .input(z.object({ name: nameSchema, where: z.enum(['file manager', 'terminal']) }))
    .mutation(async ({ ctx: { app }, input }) => {
      if (app.root === undefined || !app.desktop) return
      const folder = await realpath(join(app.root, 'instances', input.name))
      await (input.where === 'terminal' ? app.desktop.openTerminal(folder) : app.desktop.openFolder(folder))
    }),
  openExternal: procedure.input(z.object({ url: z.string() })).mutation(async ({ ctx: { app }, input }) => {
    const urls = app.joined
      ? await app.joined.urls()
      : (await app.workspace.instances.registry.list()).instances.map(it => it.url)
    if (!urls.includes(input.url))
      throw problem({ code: 'url-unknown', message: 'This isn’t the address of an instance.' })
    await app.desktop?.openExternal(input.url)
  }),
})
