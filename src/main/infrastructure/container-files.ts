/** The configuration that containers of ours find mounted. */
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, readIfExists, writeFileAtomic } from '../system/files'
import { inside } from './container'
import { innerPort } from './engine'
import { poolerIni, poolerUsers } from './pgbouncer'
import { hostRules, identMap, serverSettings } from './postgres'
import { generatePassword } from './secrets'

/** @param folder on this machine */
export async function configurePostgres(folder: string): Promise<void> {
  const at = inside.postgres
  await write(folder, {
    'postgresql.conf': serverSettings({
      listen_addresses: '*',
      hba_file: `${at}/pg_hba.conf`,
      ident_file: `${at}/pg_ident.conf`,
    }),
    'pg_hba.conf': hostRules('container'),
    'pg_ident.conf': identMap,
    // The image wants one to make the cluster; securePostgres removes it from the superuser.
    'born-password': (await readIfExists(join(folder, 'born-password'))) ?? generatePassword(),
  })
}

/**
 * @param folder on this machine @param host PostgreSQL's address in the containers' network @param password of
 * PgBouncer's own role @param version PgBouncer's
 */
export const configurePooler = (
  folder: string,
  host: string,
  password: string,
  version: string | undefined,
): Promise<void> =>
  write(folder, {
    'pgbouncer.ini': poolerIni({
      postgres: { host, port: innerPort },
      listen: { address: '0.0.0.0', port: innerPort },
      folder: inside.pgbouncer,
      version,
    }),
    'userlist.txt': poolerUsers(password),
  })

/**
 * The containers read them as another user, so they are readable by all; nobody gets to them on this machine, since the
 * workspace's state folder is the user's alone.
 */
async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await makeFolder(folder, 0o755)
  await chmod(folder, 0o755)
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(folder, name), content, 0o644)
}
