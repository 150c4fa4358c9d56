/** The step that creates the database's tables. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import { manifestSchema } from '../../../shared/workspace'
import type { Context } from '../../operations/operation'
import { withConnection } from '../../infrastructure/connection'
import { readIfExists } from '../../system/files'
import { baseEnvironment } from '../../system/environment'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { CreateServices } from './services'
import { folderOf, type CreateStep } from './step'

/** Milliseconds: hundreds of models on a slow disk. */
const toolTimeout = 300_000

/** What database tools need from the instance's .env; its other secrets stay there. */
export async function databaseUrls(env: string): Promise<Record<string, string>> {
  const { DATABASE_URL, DIRECT_URL } = parse((await readIfExists(env)) ?? '')
  return { ...(DATABASE_URL && { DATABASE_URL }), ...(DIRECT_URL && { DIRECT_URL }) }
}

/**
 * If Prisma pushes the schema, its SQL is generated once per release and run for each instance, which takes a twentieth
 * of the time. If that fails for any reason, falls back to the push itself, which reports what is wrong. A comment on
 * the database records its schema. Dropping the database (create-database's undo) undoes this step.
 */
export const pushSchema: CreateStep = services => ({
  async do(context) {
    const { plan, signal, output } = context
    if (isPrismaPush(plan)) {
      try {
        await runSql(
          services,
          context,
          (await services.releases.kept.schema(plan.fingerprint)) ?? (await writeSql(services, context)),
        )
        return await services.databases.markSchema(plan, plan.fingerprint)
      } catch (error) {
        signal.throwIfAborted()
        output(`Couldn’t use the schema’s SQL (${error instanceof Error ? error.message : String(error)})\n`)
      }
    }
    await runTool(services, context, plan.manifest.server.push, output)
    await services.databases.markSchema(plan, plan.fingerprint)
  },
  verify: ({ plan }) => services.databases.hasSchema(plan.database, plan.fingerprint),
})

const prismaPush = manifestSchema.parse({}).server.push.join(' ')
const isPrismaPush = (plan: CreatePlan): boolean => plan.manifest.server.push.join(' ') === prismaPush

/** The schema as Prisma saved it when it generated the client, wherever the base application keeps it. */
const generatedSchema = 'node_modules/.prisma/client/schema.prisma'

async function writeSql(services: CreateServices, context: Context<CreatePlan>): Promise<string> {
  context.report({ text: 'Generating the schema’s SQL, once for this release' })
  const sql = await runTool(services, context, [
    'node_modules/.bin/prisma',
    'migrate',
    'diff',
    '--from-empty',
    '--to-schema-datamodel',
    generatedSchema,
    '--script',
  ])
  await services.releases.kept.keepSchema(context.plan.fingerprint, sql)
  return sql
}

/**
 * Runs as the instance's role, which then owns everything. Statements in one query are one transaction: all or nothing.
 */
async function runSql(services: CreateServices, { plan, secret }: Context<CreatePlan>, sql: string): Promise<void> {
  const login = {
    ...(await services.infrastructure.server('postgres')),
    user: plan.role,
    password: await secret('database'),
    database: plan.database,
  }
  await withConnection(login, client => client.query(`SET search_path = public;\n${sql}`))
}

/** Runs a tool in the instance's server folder, with the direct URL. @returns its standard output */
export async function runTool(
  services: CreateServices,
  { plan, signal, secret }: Pick<Context<CreatePlan>, 'plan' | 'signal' | 'secret'>,
  [file, ...args]: readonly [string, ...string[]],
  onOutput?: (chunk: string) => void,
): Promise<string> {
  const { env, server } = folderOf(services, plan)
  const program = file.includes('/') ? join(server, file) : file
  const secrets = [await secret('database')]
  return services.run(program, args, {
    cwd: server,
    signal,
    timeout: toolTimeout,
    onOutput,
    secrets,
    env: { ...baseEnvironment(), ...(await databaseUrls(env)) },
  })
}
