/** PostgreSQL: the database server that all instances share. */
import { serviceTitle, type ServiceSetting } from '../../../shared/infrastructure'
import type { Problem } from '../../../shared/problem'
import { timeOf, type Login, type Server, type Timeouts, withConnection } from '../connection'
import { generatePassword } from '../../../shared/password'
import { ensurePassword, passwordOf, type SecretStore } from '../secrets'
import { adminRole, adminSql, hostRules, identMap, serverSettings } from './postgres-config'
import { postgresDaemon } from './postgres-daemon'
import { probe, type Access, type ContainerRecipe, type Service } from './service'

const configuration = '/etc/instance-manager'
const data = '/var/lib/postgresql/data'

const cluster = `${data}/cluster`
const volume = (name: string): string => `instance-manager-${name}`

const container: ContainerRecipe = {
  of: ({ containers }) => ({ name: containers.postgres, image: containers.postgresImage }),
  port: 5432,
  address: 10,
  configuration,
  data: '/var/lib/postgresql', // where PostgreSQL's images keep it, or its parent
  sign: `${cluster}/PG_VERSION`,
  volume,
  generation: async ask => /\(PostgreSQL\) (\d+)/.exec(await ask('postgres', '--version'))?.[1],
  options: name => [
    '--volume',
    `${volume(name)}:${data}`,
    '--shm-size',
    '256m',
    '--env',
    `PGDATA=${cluster}`,
    '--env',
    `POSTGRES_PASSWORD_FILE=${configuration}/born-password`,
  ],
  command: ['postgres', '-c', `config_file=${configuration}/postgresql.conf`],
  files: async ({ settings, present }) => ({
    'postgresql.conf': serverSettings(settings, {
      listen_addresses: '*',
      hba_file: `${configuration}/pg_hba.conf`,
      ident_file: `${configuration}/pg_ident.conf`,
    }),
    'pg_hba.conf': hostRules('container'),
    'pg_ident.conf': identMap(),
    // The image needs a password to create the cluster; securePostgres removes it from the superuser.
    'born-password': (await present('born-password')) ?? generatePassword(),
  }),
  stopWithin: 60,
  admit: async (inside, secrets) => {
    await inside('postgres', ['sh', '-c', asSuperuser], {
      input: await adminSql(await ensurePassword(secrets, 'infrastructure.admin')),
    })
  },
}

/** The image names its superuser, and an adopted container may require a password even on its own socket. */
const asSuperuser =
  'PGPASSWORD="$POSTGRES_PASSWORD" exec psql -X -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres'

/** In the order in which they are shown. */
const shownSettings = `SELECT name, current_setting(name) AS value
  FROM unnest('{max_connections,shared_buffers,work_mem}'::text[]) AS name`
const dataBytes = `SELECT (SELECT sum(pg_database_size(oid)) FROM pg_database)
  + (SELECT sum(size) FROM pg_ls_waldir()) AS bytes`

const version = async ({ server, secrets }: Access): Promise<string> =>
  postgresVersion(await adminLogin(server, secrets), probe)

export const postgres: Service = {
  name: 'postgres',
  title: serviceTitle.postgres,
  needs: [],
  port: ({ ports }) => ports.postgres,
  look: async access => ({ version: await version(access) }),
  ready: version,
  inspect: async ({ server, secrets }, measure) =>
    withConnection(
      await adminLogin(server, secrets),
      async client => ({
        answersIn: await timeOf(client),
        settings: (await client.query<ServiceSetting>(shownSettings)).rows,
        dataBytes: measure ? Number((await client.query<{ bytes: string }>(dataBytes)).rows[0]?.bytes) : undefined,
      }),
      { ...probe, query: 10_000 },
    ),
  client: async ({ host, port }, secrets) => {
    const password = await passwordOf(secrets, 'infrastructure.admin')
    return {
      env: {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: adminRole,
        PGPASSWORD: password,
        PGDATABASE: 'postgres',
        PGCONNECT_TIMEOUT: '10', // seconds
        PGAPPNAME: 'instance-manager',
      },
      secrets: [password],
    }
  },
  reload: 'SIGHUP',
  container,
  daemon: postgresDaemon,
}

/** Our role's login to the database `postgres`. */
export const adminLogin = async (server: Server, secrets: SecretStore): Promise<Login> => ({
  ...server,
  user: adminRole,
  database: 'postgres',
  password: await passwordOf(secrets, 'infrastructure.admin'),
})

/** The server's version (e.g. `17.2`), from a real query. @throws what `pg` throws */
export const postgresVersion = (admin: Login, timeouts?: Timeouts): Promise<string> =>
  withConnection(
    admin,
    async client => {
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version')
      return rows[0]?.server_version.split(' ')[0] ?? ''
    },
    timeouts,
  )

/** The rules of pg_hba.conf that require no password, or only a weak proof of it, e.g. `line 3: host all trust`. */
export const weakRules = (admin: Login, timeouts?: Timeouts): Promise<string[]> =>
  withConnection(
    admin,
    async client => {
      const { rows } = await client.query<{
        line_number: number
        type: string
        address: string | null
        auth_method: string
      }>(
        "SELECT line_number, type, address, auth_method FROM pg_hba_file_rules WHERE auth_method IN ('trust', 'password', 'md5', 'ident')",
      )
      return rows.map(it =>
        `line ${it.line_number}: ${it.type} ${it.address ?? ''} ${it.auth_method}`.replace(/ +/g, ' '),
      )
    },
    timeouts,
  )

/** @param rules as `weakRules` returned them */
export const weakRulesWarning = (rules: readonly string[]): Problem => ({
  code: 'postgres-weak-rules',
  message: 'This PostgreSQL accepts some connections without a secure password check.',
  cause: `In its pg_hba.conf: ${rules.join('; ')}.`,
  hint: 'It was created elsewhere and is used as it is. Hardening makes every login require a password; a review first shows what that changes.',
  action: 'harden',
})
