/** An instance's files, with the guide's exact keys. */
import { join } from 'node:path'
import { addressOf, loopback } from '../../../shared/address'
import type { DatabaseConfig, InstanceConfig } from '../../../shared/instance'
import { makeFolder, syncFolder, writeFileAtomic, writeJson } from '../../system/files'
import { formatEnv } from '../../workspace/env-file'
import { writeInstanceConfig } from '../../workspace/instance-config'
import type { InstancePaths } from '../../workspace/paths'
import type { Context } from '../../operations/operation'
import type { CreatePlan } from '../../../shared/jobs/create'
import { readBaseEnv } from './plan'
import type { CreateServices } from './services'

/** The content of db-config.json. Without PgBouncer, both URLs are the direct one. */
export function databaseConfig(plan: CreatePlan, password: string): DatabaseConfig {
  const url = (port: number): string => `postgresql://${plan.role}:${password}@${addressOf({ port })}/${plan.database}`
  const directUrl = url(plan.directPort)
  return {
    name: plan.database,
    user: plan.role,
    password,
    host: loopback,
    directPort: plan.directPort,
    directUrl,
    port: plan.pooled ? plan.pooledPort : plan.directPort,
    url: plan.pooled ? `${url(plan.pooledPort)}?pgbouncer=true` : directUrl,
  }
}

/** Creates the data folders, `.env` with the direct URL, db-config.json and, last, config.json. */
export async function writeInstanceFiles(
  services: CreateServices,
  { plan, secret }: Pick<Context<CreatePlan>, 'plan' | 'secret'>,
  paths: InstancePaths,
): Promise<void> {
  const {
    server: { dataFolders },
    env: { copy },
  } = plan.manifest
  const [password, jwtSecret] = await Promise.all([secret('database'), secret('jwt')])
  const folders = dataFolders.flatMap(it => (it === 'uploads' ? [it, 'uploads/profile-pics'] : [it]))
  await Promise.all(folders.map(it => makeFolder(join(paths.server, it))))
  const base = await readBaseEnv(services.paths.root, plan.manifest)
  const copied = Object.fromEntries(copy.filter(it => base[it] !== undefined).map(it => [it, base[it] as string]))
  const database = databaseConfig(plan, password)
  await writeFileAtomic(
    paths.env,
    formatEnv({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      ...copied,
      // After the copied values: if the manifest copies DATABASE_URL or PORT too, this instance must not use the base
      // application's.
      ...(plan.host && { HOST: plan.host }),
      DATABASE_URL: database.directUrl,
      DIRECT_URL: database.directUrl,
      PORT: String(plan.port),
      ...(plan.jwtSecret === 'generate' ? { JWT_SECRET: jwtSecret } : {}),
      INSTANCE_NAME: plan.name,
    }),
    0o600,
  )
  await writeJson(paths.databaseConfig, database)
  const config: InstanceConfig = {
    name: plan.name,
    port: plan.port,
    database,
    paths: {
      instance: paths.folder,
      server: paths.server,
      client: paths.client,
      uploads: join(paths.server, 'uploads'),
    },
    created: new Date().toISOString(),
    release: plan.fingerprint,
  }
  await writeInstanceConfig(paths.config, config)
  await syncFolder(paths.folder)
}
