/** Steps that make the database and the director in it. */
import { z } from 'zod'
import { problem } from '../../../shared/problem'
import { baseEnvironment } from '../../system/run'
import { secretKeys, type CreatePlan } from './plan'
import { databaseUrls } from './schema'
import { folderOf, secretOf, type CreateStep } from './step'

export const createDatabase: CreateStep = to => {
  const target = async (plan: CreatePlan) => ({ database: plan.database, role: plan.role, token: plan.token, password: await secretOf(to, secretKeys(plan.token).database) })
  return {
    name: 'create-database',
    do: async ({ plan }) => to.databases.create(await target(plan)),
    verify: async ({ plan }) => to.databases.verify(await target(plan)),
    undo: ({ plan }) => to.databases.drop(plan),
  }
}

const directorAnswer = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), exists: z.boolean().optional() }),
  z.object({ ok: z.literal(false), code: z.string().regex(/^director-[a-z-]+$/), message: z.string() }),
])

const hints: Record<string, string> = {
  'director-email-taken': 'Choose another e-mail address.',
  'director-client': 'The server needs a generated Prisma client: check "server.generate" in instance-manager.json.',
  'director-model': 'Check "director" in instance-manager.json against the Prisma schema.',
  'director-database': 'Check that PostgreSQL runs, then try again.',
}

/** Through the instance's own Prisma client, in a process of its own; its data goes by standard input. Undone with the database. */
export const createDirector: CreateStep = to => {
  const ask = async (plan: CreatePlan, signal: AbortSignal | undefined, check: boolean) => {
    const { server, env } = folderOf(to, plan)
    const { model, role, status } = plan.manifest.director
    const input = { ...plan.director, passwordHash: await secretOf(to, secretKeys(plan.token).directorHash), model, role, status, check }
    const secrets = [input.passwordHash, await secretOf(to, secretKeys(plan.token).database)]
    const answer = await to.run(to.node.path, [to.directorScript], {
      cwd: server, signal, secrets, timeout: 60_000, input: JSON.stringify(input), env: { ...baseEnvironment(), ...await databaseUrls(env) }, answers: [1],
    })
    const result = directorAnswer.parse(JSON.parse(answer.trim().split('\n').at(-1) ?? ''))
    if (result.ok) return result
    const emailTaken = result.code === 'director-email-taken'
    throw problem({ code: result.code, message: result.message, field: emailTaken ? 'director.email' : undefined, hint: hints[result.code] ?? 'Try again.' })
  }
  return {
    name: 'create-director',
    do: async ({ plan, signal }) => { await ask(plan, signal, false) },
    verify: async ({ plan }) => (await ask(plan, undefined, true)).exists === true,
  }
}

