/** PgBouncer: pools the instances' connections to PostgreSQL. */
import { DatabaseError } from 'pg'
import { serviceTitle, type ServiceSetting } from '../../../shared/infrastructure'
import { problem, type Problem } from '../../../shared/problem'
import { isRefused, isTimeout, timeOf, type Login, type Server, type Timeouts, withConnection } from '../connection'
import { poolerFiles } from '../limits'
import { isUnproven } from '../proof'
import { ensurePassword, passwordOf, type SecretStore } from '../secrets'
import { parsePoolerVersion, poolerIni, poolerPools, poolerUsers, poolsFile } from './pgbouncer-config'
import { pgbouncerDaemon } from './pgbouncer-daemon'
import { postgres } from './postgres'
import { poolerRole } from './postgres-config'
import { probe, type ContainerRecipe, type Service } from './service'

const configuration = '/etc/pgbouncer'
const port = 5432

const container: ContainerRecipe = {
  of: ({ containers }) => ({ name: containers.pgbouncer, image: containers.pgbouncerImage }),
  port,
  address: 11,
  configuration,
  options: () => [],
  command: [],
  files: async ({ settings, secrets, addressOf, ask, pools }) => {
    const common = { postgres: { host: addressOf(postgres), port: postgres.container.port }, settings }
    return {
      'pgbouncer.ini': poolerIni({
        ...common,
        listen: { address: '0.0.0.0', port },
        folder: configuration,
        version: parsePoolerVersion(await ask('pgbouncer', '--version')),
      }),
      [poolsFile]: poolerPools(common, await pools()),
      'userlist.txt': poolerUsers(await ensurePassword(secrets, 'infrastructure.pgbouncer_auth')),
    }
  },
  stopWithin: 10,
}

export const pgbouncer: Service = {
  name: 'pgbouncer',
  title: serviceTitle.pgbouncer,
  needs: [postgres],
  port: ({ ports }) => ports.pgbouncer,
  /**
   * Sends a query through it if PostgreSQL is running: the console answers even while it is paused, and an adopted one's
   * may not let us in.
   */
  look: async ({ server, secrets, needed }) => {
    const password = await ownPassword(secrets)
    const version = server.adopted ? undefined : await poolerVersion(server, password, probe)
    const [behind] = await needed()
    if (server.adopted && behind === 'not-adopted') return behind
    if (behind === 'running') await requirePassing(server, password)
    return { version }
  },
  /** An adopted one may not have our role: any answer is enough. */
  ready: async ({ server, secrets }) =>
    (server.adopted ? poolerPasses : poolerAnswers)(server, await ownPassword(secrets), {
      connect: 5000,
      query: 5000,
    }),
  inspect: async ({ server, secrets }) => {
    const login = { ...server, user: poolerRole, password: await ownPassword(secrets) }
    const answersIn = await withConnection({ ...login, database: 'postgres' }, timeOf, probe)
    return { answersIn, settings: server.adopted ? [] : await settingsOf(login) }
  },
  reload: 'SIGHUP',
  openFiles: poolerFiles,
  container,
  daemon: pgbouncerDaemon,
}

/** In the order in which they are shown. */
const shownSettings = ['default_pool_size', 'max_client_conn', 'pool_mode']

/** From the console. @throws what `pg` throws */
const settingsOf = (login: Omit<Login, 'database'>): Promise<ServiceSetting[]> =>
  withConnection(
    { ...login, database: 'pgbouncer' },
    async client => {
      const { rows } = await client.query<{ key: string; value: string }>('SHOW CONFIG')
      return shownSettings.flatMap(name => {
        const value = rows.find(it => it.key === name)?.value
        return value === undefined ? [] : [{ name, value }]
      })
    },
    probe,
  )

/** @throws Problem `queries-held` if it is ours, and a query waits too long; otherwise as `poolerPasses` */
async function requirePassing(server: Server, password: string): Promise<void> {
  try {
    await poolerPasses(server, password, probe)
  } catch (error) {
    if (server.adopted || !isTimeout(error)) throw error
    throw problem(queriesHeld, error)
  }
}

const queriesHeld: Problem = {
  code: 'queries-held',
  message: 'PgBouncer is running, but queries aren’t getting through.',
  cause: `One has waited for ${probe.query / 1000} s, although PostgreSQL is running. PgBouncer may have been paused, or be overloaded.`,
  hint: 'Start the infrastructure. That resumes PgBouncer if it is paused.',
  action: 'start-infrastructure',
}

const ownPassword = (secrets: SecretStore): Promise<string> => passwordOf(secrets, 'infrastructure.pgbouncer_auth')

/** Sends a query through the pooler to PostgreSQL. @throws what `pg` throws */
export const poolerAnswers = (server: Server, password: string, timeouts: Timeouts): Promise<unknown> =>
  withConnection(
    { ...server, user: poolerRole, password, database: 'postgres' },
    client => client.query('SELECT 1'),
    timeouts,
  )

/**
 * Whether an adopted PgBouncer accepts our query. Its console isn't used: in 1.18 with `auth_user` for all databases, a
 * role that isn't in its userlist gets no answer there at all.
 * @returns false if it answers but refuses our role; instances may still get through
 * @throws what `pg` throws if it doesn't answer
 */
export async function poolerPasses(server: Server, password: string, timeouts: Timeouts): Promise<boolean> {
  try {
    await poolerAnswers(server, password, timeouts)
    return true
  } catch (error) {
    if (error instanceof DatabaseError || (server.adopted && isUnproven(error))) return false
    throw error
  }
}

/**
 * PgBouncer's version from its console, which works without PostgreSQL.
 * @returns undefined if it answers but refuses our role
 * @throws what `pg` throws
 */
export async function poolerVersion(server: Server, password: string, timeouts: Timeouts): Promise<string | undefined> {
  const login: Login = { ...server, user: poolerRole, password, database: 'pgbouncer' }
  try {
    return await withConnection(
      login,
      async client => {
        const { rows } = await client.query<{ version: string }>('SHOW VERSION')
        return /[\d.]+/.exec(rows[0]?.version ?? '')?.[0]
      },
      timeouts,
    )
  } catch (error) {
    if (isRefused(error) || isPoolerError(error)) return undefined
    throw error
  }
}

/** PgBouncer's own refusals carry SQLSTATE 08P01. */
const isPoolerError = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: string }).code === '08P01'
