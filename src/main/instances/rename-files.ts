/** An instance's name in its files: `.env`, db-config.json, config.json, links to its own files, the folder itself. */
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { databaseConfigSchema, databaseNames, type DatabaseConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { DatabaseNames } from '../infrastructure/database-marks'
import { existsItself, readIfExists, readJson, removeTemporary, syncFolder, writeJson } from '../system/files'
import { setEnv, writeEnv } from '../workspace/env-file'
import type { Run } from '../system/run'
import { changeInstanceConfig, requireInstanceConfig } from '../workspace/instance-config'
import type { InstancePaths } from '../workspace/paths'
import { loginInUrl } from './pooled'
import { movedPath, moveLinks } from './rename-links'

/** A name, and where the instance's files are under it. */
export interface Named {
  readonly name: string
  readonly paths: InstancePaths
}

/**
 * Safe to repeat: the folder's new name comes last.
 * @throws Problems `name-taken` if there is another folder of the new name; `config-missing`
 */
export async function renameFiles(run: Run, before: Named, after: Named): Promise<void> {
  const moved = await isIn(after, before)
  if (!moved) await requireFree(after, 'Move it away, or choose another name.')
  const its = (moved ? after : before).paths
  await writeName(its, before, after)
  await moveLinks(run, its.folder, before.paths.folder, after.paths.folder)
  if (!moved) await rename(before.paths.folder, after.paths.folder)
  await syncFolder(dirname(after.paths.folder))
}

/**
 * Reverses `renameFiles`, however far it came. What is gone stays gone.
 * @throws Problem `name-taken` if something has made a folder of the old name since
 */
export async function restoreFiles(run: Run, before: Named, after: Named): Promise<void> {
  const moved = await isIn(after, before)
  if (!moved && !(await existsItself(before.paths.config))) return
  if (moved) await requireFree(before, 'Move it away, then try again.')
  const its = (moved ? after : before).paths
  await writeName(its, after, before)
  await moveLinks(run, its.folder, after.paths.folder, before.paths.folder)
  if (moved) await rename(after.paths.folder, before.paths.folder)
  await syncFolder(dirname(before.paths.folder))
}

/**
 * Whether the instance is in the one folder, not in the other. A folder alone proves nothing: an application with an
 * absolute path may make its old one again.
 */
const isIn = async (one: Named, other: Named): Promise<boolean> =>
  !(await existsItself(other.paths.config)) && (await existsItself(one.paths.config))

async function requireFree({ paths }: Named, hint: string): Promise<void> {
  if (!(await existsItself(paths.folder))) return
  throw problem({ code: 'name-taken', field: 'to', message: `The folder ${paths.folder} already exists.`, hint })
}

/** @param its where the files are now; config.json is written last. @throws Problem `config-missing` */
async function writeName(its: InstancePaths, before: Named, after: Named): Promise<void> {
  for (const it of [dirname(its.env), its.folder]) if (await existsItself(it)) await removeTemporary(it) // left by a crash
  const [from, to] = [before.name, after.name].map(databaseNames) as [DatabaseNames, DatabaseNames]
  const { database: own } = await requireInstanceConfig(its.config)
  const [env, config] = await Promise.all([readIfExists(its.env), readJson(its.databaseConfig, databaseConfigSchema)])
  if (env !== undefined) {
    const changed = changedValues(parse(env), before, after, own)
    if (Object.keys(changed).length > 0) await writeEnv(its.env, setEnv(env, changed))
  }
  if (config) await writeJson(its.databaseConfig, withNames(config, from, to))
  await changeInstanceConfig(its.config, ({ database, paths, ...rest }) => ({
    ...rest,
    name: after.name,
    database: withNames(database, from, to),
    paths: {
      ...paths,
      instance: after.paths.folder,
      server: after.paths.server,
      client: after.paths.client,
      uploads: join(after.paths.server, 'uploads'),
    },
  }))
}

/** The instance's name, its folder and what is in it, and each login to its database, whatever the variable is called. */
function changedValues(
  values: Readonly<Record<string, string>>,
  before: Named,
  after: Named,
  own: Ports,
): Record<string, string> {
  const [from, to] = [before.name, after.name].map(databaseNames) as [DatabaseNames, DatabaseNames]
  const [old, its] = [before.paths.folder, after.paths.folder]
  const changed = (key: string, value: string): string => {
    if (key === 'INSTANCE_NAME' && value === before.name) return after.name
    return movedPath(value, old, its) ?? urlWithNames(value, from, to, own)
  }
  const now = Object.entries(values).map(([key, value]): [string, string] => [key, changed(key, value)])
  return Object.fromEntries(now.filter(([key, value]) => value !== values[key]))
}

const withNames = (config: DatabaseConfig, from: DatabaseNames, to: DatabaseNames): DatabaseConfig => ({
  ...config,
  name: to.database,
  user: to.role,
  url: urlWithNames(config.url, from, to, config),
  directUrl: urlWithNames(config.directUrl, from, to, config),
})

type Ports = Pick<DatabaseConfig, 'port' | 'directPort'>

/** Changes a URL only if it is a login to our PostgreSQL or PgBouncer, by this role or to this database. */
function urlWithNames(text: string, from: DatabaseNames, to: DatabaseNames, { port, directPort }: Ports): string {
  const login = loginInUrl(text)
  if (!login || ![port, directPort].includes(login.port || 5432)) return text
  if (login.user !== from.role && login.database !== from.database) return text
  const url = new URL(text)
  if (!/^postgres(ql)?:$/.test(url.protocol)) return text
  if (login.user === from.role) url.username = to.role
  if (login.database === from.database) url.pathname = `/${to.database}`
  return url.href
}
