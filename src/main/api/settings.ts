/** The workspace's settings: their values, where these come from, and changes. */
import { problem } from '../../shared/problem'
import { settingChangesSchema, settingOf } from '../../shared/setting-list'
import { router, workspaceProcedure } from './trpc'

export const settingsRouter = router({
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.settings.list()),
  watch: workspaceProcedure.subscription(({ ctx: { workspace }, signal = new AbortController().signal }) =>
    workspace.settings.watch(AbortSignal.any([signal, workspace.signal])),
  ),
  /** All or none. */
  change: workspaceProcedure.input(settingChangesSchema).mutation(async ({ ctx: { workspace, session }, input }) => {
    for (const key of Object.keys(input)) {
      const { title, elsewhere, local } = settingOf(key)
      const where = elsewhere ?? (session === undefined ? undefined : local)
      if (where !== undefined)
        throw problem({
          code: 'setting-elsewhere',
          message: `“${title}” can’t be changed here.`,
          field: key,
          hint: where,
        })
    }
    await workspace.settings.change(input)
    return await workspace.settings.list()
  }),
})
