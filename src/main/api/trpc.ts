/** The router's base: errors are sent as Problems, and procedures state whether they need a workspace. */
import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError } from 'zod'
import { toProblem, type Problem } from '../../shared/problem'
import type { App } from '../app'

export interface ApiContext {
  readonly app: App
  /** The session of a served page; absent for a window or a command on this machine. */
  readonly session?: string
  /** Waits until the connection has caught up: for data that is pushed faster than a network takes it. */
  readonly drained?: () => Promise<void>
}

const trpc = initTRPC.context<ApiContext>().create({
  isDev: false,
  errorFormatter: ({ shape, error, ctx }) => {
    const problem = problemOf(error.cause ?? error)
    if (!notLogged.has(problem.code)) ctx?.app.opened?.log.problem(problem)
    return { ...shape, data: { ...shape.data, problem } }
  },
})

/** Validation errors while typing, which aren't worth a line in the log. */
const notLogged: ReadonlySet<string> = new Set(['input', 'log-search-invalid', 'log-search-slow'])

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
 * Makes a subscription fail with a code that isn't retried. tRPC turns other errors into INTERNAL_SERVER_ERROR, for
 * which its local link resubscribes at once and forever (`retryableRpcCodes` in @trpc/server).
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
/** For procedures that need the open workspace's services. */
export const workspaceProcedure = procedure.use(({ ctx, next }) =>
  next({ ctx: { ...ctx, workspace: ctx.app.workspace } }),
)
