/** The router's base: errors cross as Problems, and what needs a workspace says so. */
import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { toProblem, type Problem } from '../../shared/problem'
import type { App } from '../app'

export interface ApiContext {
  readonly app: App
  /** Whose it is, where the pages are served; absent for a window and for a command on this machine. */
  readonly session?: string
  /** Waits while what was sent is still under way: for what is pushed faster than a network takes it. */
  readonly drained?: () => Promise<void>
}

const trpc = initTRPC.context<ApiContext>().create({
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => {
    const problem = problemOf(error.cause ?? error)
    if (!ownMistakes.has(problem.code)) ctx?.app.opened?.log.problem(problem)
    return { ...shape, data: { ...shape.data, problem } }
  },
})

/** Validation errors shown while typing: not worth a line in the log. */
const ownMistakes: ReadonlySet<string> = new Set(['input', 'log-search-invalid', 'log-search-slow'])

function problemOf(error: unknown): Problem {
  if (!(error instanceof ZodError)) return toProblem(error)
  const [first] = error.issues
  return {
    code: 'input',
    message: first?.message ?? 'The input isn’t valid.',
    field: first?.path.join('.') || undefined,
    hint: 'Correct it, then try again.',
  }
}

export const { router } = trpc

/**
 * A subscription that fails says so with a code that is no invitation to ask again. tRPC takes what is thrown for an
 * INTERNAL_SERVER_ERROR, which its local link asks again for at once and for ever (`retryableRpcCodes` in
 * @trpc/server).
 */
async function* failingOnce(values: AsyncIterable<unknown>): AsyncGenerator<unknown, void, undefined> {
  try {
    yield* values
  } catch (error) {
    throw new TRPCError({ code: 'UNPROCESSABLE_CONTENT', cause: error })
  }
}

export const procedure = trpc.procedure.use(async ({ next, type }) => {
  const result = await next()
  if (!result.ok || type !== 'subscription') return result
  return { ...result, data: failingOnce(result.data as AsyncIterable<unknown>) }
})
/** Its context has the open workspace's services. */
export const workspaceProcedure = procedure.use(({ ctx, next }) =>
  next({ ctx: { ...ctx, workspace: ctx.app.workspace } }),
)
