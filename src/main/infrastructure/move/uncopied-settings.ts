/**
 * PostgreSQL's own configuration isn't moved: its files belong to a place and a version. What someone has set there is
 * shown, so that it can be set again. Only names, because a value can contain a password (`archive_command`).
 */
import type { Client } from 'pg'
import { serverSettings } from '../services/postgres-config'
import { settingsSchema } from '../../../shared/settings'

/** Settings about the place, and those that Instance Manager sets everywhere. */
const everywhere: readonly string[] = [
  ...[...serverSettings(settingsSchema.parse({}), {}).matchAll(/^(\w+) = /gm)].map(it => it[1] ?? ''),
  'port',
  'listen_addresses',
  'unix_socket_directories',
  'hba_file',
  'ident_file',
  'config_file',
  'data_directory',
  'external_pid_file',
  'dynamic_shared_memory_type',
  'log_timezone',
  'lc_messages',
]

/** Ours are all written by us, except for `ALTER SYSTEM`. An adopted one also has its own file and options. */
const settings = `
  SELECT name AS it FROM pg_settings WHERE sourcefile ~ '/postgresql[.]auto[.]conf$' OR ($1 AND setting IS DISTINCT FROM boot_val
    AND source IN ('configuration file', 'command line', 'environment variable')
    AND (lower(name) <> ALL($2) OR (name = 'TimeZone' AND setting !~ '^(Etc/)?(UTC|GMT)$')))
  ORDER BY lower(name)`

const rights = `
  SELECT format('the right to set %s for %s', parname, string_agg(DISTINCT coalesce(rolname, 'PUBLIC'), ', ')) AS it
  FROM pg_parameter_acl CROSS JOIN aclexplode(paracl) LEFT JOIN pg_roles ON pg_roles.oid = grantee
  WHERE rolsuper IS NOT TRUE GROUP BY parname ORDER BY parname`

/** @returns e.g. `jit`, `the right to set log_statement for reports` */
export async function uncopiedSettings(client: Client, adopted: boolean): Promise<string[]> {
  const ask = async (sql: string, values: unknown[] = []): Promise<string[]> =>
    (await client.query<{ it: string }>(sql, values)).rows.map(({ it }) => it)
  const [since15] = await ask("SELECT to_regclass('pg_catalog.pg_parameter_acl') AS it")
  return [...(await ask(settings, [adopted, everywhere])), ...(since15 ? await ask(rights) : [])]
}
