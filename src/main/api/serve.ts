/** The served pages: open sessions, a link for another one, and stopping the server. */
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { procedure, router } from './trpc'

const served = procedure.use(({ ctx, next }) => {
  if (!ctx.app.served)
    throw problem({ code: 'not-served', message: 'This is the desktop app: its pages aren’t served.' })
  return next({ ctx: { ...ctx, served: ctx.app.served } })
})

export const serveRouter = router({
  status: served.query(({ ctx }) => ctx.served.status()),
  /** The sessions, and which of them is the caller's. */
  watch: served.subscription(async function* ({ ctx, signal }) {
    for await (const sessions of ctx.served.sessions(signal ?? new AbortController().signal))
      yield { sessions, own: ctx.session }
  }),
  /** A new link, which opens one session. */
  link: served.mutation(({ ctx }) => ({ link: ctx.served.link() })),
  revoke: served.input(z.object({ id: z.string().max(40) })).mutation(({ ctx, input }) => ctx.served.revoke(input.id)),
  /** Stops the server once running operations have ended. */
  stop: served.mutation(({ ctx }) => ctx.served.stop()),
})
