/** The steps that create the database and the director's account in it. */
import { z } from 'zod'
import { problem } from '../../../shared/problem'
import { baseEnvironment } from '../../system/environment'
import type { Context } from '../../operations/operation'
import type { CreatePlan } from '../../../shared/jobs/create'
import { databaseUrls } from './schema'
import { folderOf, type CreateStep } from './step'

export const createDatabase: CreateStep = services => {
  const target = async ({ plan, secret }: Context<CreatePlan>) => ({
    database: plan.database,
    role: plan.role,
    token: plan.token,
    password: await secret('database'),
  })
  return {
    do: async context => services.databases.create(await target(context)),
    verify: async context => services.databases.verify(await target(context)),
    undo: ({ plan }) => services.databases.drop(plan),
  }
}

const directorAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), exists: z.boolean().optional() }),
  z.object({ ok: z.literal(false), code: z.string().regex(/^director-[a-z-]+$/), message: z.string() }),
])

const hints: Record<string, string> = {
  'director-email-taken': 'Choose another email address.',
  'director-client': 'The server needs a generated Prisma client: check “server.generate” in instance-manager.json.',
  'director-model': 'Check “director” in instance-manager.json against the Prisma schema.',
  'director-database': 'Check that PostgreSQL is running, then try again.',
}

/**
 * Creates the account through the instance's own Prisma client, in a separate process that gets its data on standard
 * input. Dropping the database undoes it.
 */
export const createDirector: CreateStep = services => {
  const ask = async ({ plan, signal, secret }: Context<CreatePlan>, check: boolean) => {
    const { server, env } = folderOf(services, plan)
    const { model, role, status } = plan.manifest.director
    const input = { ...plan.director, passwordHash: await secret('director-hash'), model, role, status, check }
    const secrets = [input.passwordHash, await secret('database')]
    const answer = await services.run(services.node.path, [services.directorScript], {
      cwd: server,
      signal,
      secrets,
      timeout: 60_000,
      input: JSON.stringify(input),
      env: { ...baseEnvironment(), ...(await databaseUrls(env)) },
      answers: [1],
    })
    const result = directorAnswer.parse(JSON.parse(answer.trim().split('\n').at(-1) ?? ''))
    if (result.ok) return result
    const emailTaken = result.code === 'director-email-taken'
    throw problem({
      code: result.code,
      message: result.message,
      field: emailTaken ? 'director.email' : undefined,
      hint: hints[result.code] ?? 'Try again.',
    })
  }
  return {
    do: async context => {
      await ask(context, false)
    },
    verify: async context => (await ask(context, true)).exists === true,
  }
}
