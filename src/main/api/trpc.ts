/** The router's base: errors cross as Problems, and what needs a workspace says so. */
import { initTRPC } from '@trpc/server'
import { ZodError } from 'zod'
import { toProblem, type Problem } from '../../shared/problem'
import type { App } from '../app'

export interface Context {
  readonly app: App
  /** Whose it is, where the pages are served. */
  readonly session?: string
  /** Waits while what was sent is still under way: for what is pushed faster than a network takes it. */
  readonly drained?: () => Promise<void>
}

const trpc = initTRPC.context<Context>().create({
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => {
    const problem = problemOf(error.cause ?? error)
    if (!ownMistakes.has(problem.code)) ctx?.app.opened?.appLog.problem(problem)
    return { ...shape, data: { ...shape.data, problem } }
  },
})

/** What the operator is told while typing: not worth a line in the log. */
const ownMistakes: ReadonlySet<string> = new Set(['input', 'log-search-invalid', 'log-search-slow'])

function problemOf(error: unknown): Problem {
  if (!(error instanceof ZodError)) return toProblem(error)
  const [first] = error.issues
  return { code: 'input', message: first?.message ?? 'The input is not valid.', field: first?.path.join('.') || undefined, hint: 'Correct it and try again.' }
}

export const { router } = trpc
export const procedure = trpc.procedure
/** Its context has the open workspace's services. */
export const workspaceProcedure = procedure.use(({ ctx, next }) => next({ ctx: { ...ctx, workspace: ctx.app.workspace } }))
