/** An instance's name in its files: `.env`, db-config.json, config.json, and the folder itself. */
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { databaseConfigSchema, databaseNames, type DatabaseConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import type { DatabaseNames } from '../infrastructure/database-marks'
import { existsItself, readIfExists, readJson, removeTemporary, syncFolder, writeJson } from '../system/files'
import { setEnv, writeEnv } from '../workspace/env-file'
import { changeInstanceConfig, requireInstanceConfig } from '../workspace/instance-config'
import type { InstancePaths } from '../workspace/paths'
import { loginInUrl } from './pooled'

/** A name, and where the instance's files are under it. */
export interface Named {
  readonly name: string
  readonly paths: InstancePaths
}

/**
 * Safe to repeat: the folder's new name comes last.
 * @throws Problems `name-taken` if there is another folder of the new name; `config-missing`
 */
export async function renameFiles(before: Named, after: Named): Promise<void> {
  const moved = !(await existsItself(before.paths.folder))
  if (!moved && (await existsItself(after.paths.folder)))
    throw problem({
      code: 'name-taken',
      field: 'to',
      message: `The folder ${after.paths.folder} already exists.`,
      hint: 'Move it away, or choose another name.',
    })
  const its = (moved ? after : before).paths
  await requireInstanceConfig(its.config)
  await writeName(its, before, after)
  if (!moved) await rename(before.paths.folder, after.paths.folder)
  await syncFolder(dirname(after.paths.folder))
}

/** Reverses `renameFiles`, however far it came. What is gone stays gone. */
export async function restoreFiles(before: Named, after: Named): Promise<void> {
  const moved = !(await existsItself(before.paths.folder))
  if (moved && !(await existsItself(after.paths.folder))) return
  await writeName((moved ? after : before).paths, after, before)
  if (moved) await rename(after.paths.folder, before.paths.folder)
  await syncFolder(dirname(before.paths.folder))
}

/** @param its where the files are now; config.json is written last */
async function writeName(its: InstancePaths, before: Named, after: Named): Promise<void> {
  for (const it of [dirname(its.env), its.folder]) if (await existsItself(it)) await removeTemporary(it) // left by a crash
  const [from, to] = [before.name, after.name].map(databaseNames) as [DatabaseNames, DatabaseNames]
  const [env, config] = await Promise.all([readIfExists(its.env), readJson(its.databaseConfig, databaseConfigSchema)])
  if (env !== undefined) {
    const changed = changedValues(parse(env), before, after)
    if (Object.keys(changed).length > 0) await writeEnv(its.env, setEnv(env, changed))
  }
  if (config) await writeJson(its.databaseConfig, withNames(config, from, to))
  if (!(await existsItself(its.config))) return
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

/** The instance's name, and each login to its own database, whatever the variable is called. */
function changedValues(
  values: Readonly<Record<string, string>>,
  before: Pick<Named, 'name'>,
  after: Pick<Named, 'name'>,
): Record<string, string> {
  const [from, to] = [before.name, after.name].map(databaseNames) as [DatabaseNames, DatabaseNames]
  const now = Object.entries(values).map(([key, value]): [string, string] => [
    key,
    key === 'INSTANCE_NAME' && value === before.name ? after.name : urlWithNames(value, from, to),
  ])
  return Object.fromEntries(now.filter(([key, value]) => value !== values[key]))
}

const withNames = (config: DatabaseConfig, from: DatabaseNames, to: DatabaseNames): DatabaseConfig => ({
  ...config,
  name: to.database,
  user: to.role,
  url: urlWithNames(config.url, from, to),
  directUrl: urlWithNames(config.directUrl, from, to),
})

/** Changes a URL only if it is a login on this machine, by this role or to this database. */
function urlWithNames(text: string, from: DatabaseNames, to: DatabaseNames): string {
  const login = loginInUrl(text)
  if (login?.user !== from.role && login?.database !== from.database) return text
  const url = new URL(text)
  if (login.user === from.role) url.username = to.role
  if (login.database === from.database) url.pathname = `/${to.database}`
  return url.href
}
