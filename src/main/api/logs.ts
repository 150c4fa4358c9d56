/** Logs: pages of history, search, following, and saving. */
import { z } from 'zod'
import { nameSchema } from '../../shared/instance'
import {
  logCountSchema,
  logDownloadSchema,
  logFindSchema,
  logFollowSchema,
  logPageInputSchema,
  logSaveSchema,
} from '../../shared/log'
import { router, workspaceProcedure } from './trpc'

const never = new AbortController().signal

export const logsRouter = router({
  list: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.logs.reader.list()),
  /** Call it when a log is likely to be opened soon. */
  warm: workspaceProcedure.query(({ ctx: { workspace } }) => workspace.logs.reader.warm()),
  page: workspaceProcedure
    .input(logPageInputSchema)
    .query(({ ctx: { workspace }, input: { anchor, count, ...query }, signal }) =>
      workspace.logs.reader.page(query, anchor, count, signal ?? never),
    ),
  find: workspaceProcedure
    .input(logFindSchema)
    .query(({ ctx: { workspace }, input: { from, direction, ...query }, signal }) =>
      workspace.logs.reader.find(query, from, direction, signal ?? never),
    ),
  /** Counts matching lines; the last value is `done`. */
  count: workspaceProcedure
    .input(logCountSchema)
    .subscription(({ ctx: { workspace }, input: { until, ...query }, signal }) =>
      workspace.logs.reader.count(query, until, signal ?? never),
    ),
  follow: workspaceProcedure.input(logFollowSchema).subscription(async function* ({
    ctx: { workspace, drained },
    input: { after, drawn, ...query },
    signal,
  }) {
    for await (const news of workspace.logs.reader.follow(query, { after, drawn }, signal ?? never)) {
      yield news
      await drained?.()
    }
  }),
  /** The disk space of an instance's logs. */
  usage: workspaceProcedure
    .input(z.object({ name: nameSchema }))
    .query(({ ctx: { workspace }, input }) => workspace.logs.rotation.usage(input.name)),
  /** Unsubscribing cancels it. */
  save: workspaceProcedure
    .input(logSaveSchema)
    .subscription(({ ctx: { workspace, session }, input: { path, overwrite, colours, ...query }, signal }) =>
      workspace.logs.reader.save(query, { path, overwrite, colours, served: session !== undefined }, signal ?? never),
    ),
  /** The same text in parts, for a browser to download. */
  download: workspaceProcedure.input(logDownloadSchema).subscription(async function* ({
    ctx: { workspace, drained },
    input: { colours, ...query },
    signal,
  }) {
    for await (const part of workspace.logs.reader.text(query, colours, signal ?? never)) {
      yield part
      await drained?.()
    }
  }),
})
