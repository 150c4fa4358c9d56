/** Whether an instance reaches its database through PgBouncer, tried with its own credentials. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import type { Problem } from '../../shared/problem'
import type { PoolUser, Pools } from '../infrastructure/pools'
import type { TenantUrl } from '../infrastructure/tenants'
import { readIfExists } from '../system/files'

/** `cwd` is the instance's server folder. */
interface Pooled {
  readonly name: string
  readonly cwd: string
}

export class InstancePools {
  readonly #pools: Pick<Pools, 'refusal' | 'heal'>
  readonly #port: () => Promise<number>

  /** @param port PgBouncer's port */
  constructor(pools: Pick<Pools, 'refusal' | 'heal'>, port: () => Promise<number>) {
    this.#pools = pools
    this.#port = port
  }

  /** @returns undefined if it gets through, or doesn't use our PgBouncer; otherwise Problem `pool-refuses` */
  async refusal({ name, cwd }: Pooled): Promise<Problem | undefined> {
    const user = await this.#userOf(cwd)
    const error = user && (await this.#pools.refusal(user))
    return error && refuses(name, error.message)
  }

  /**
   * Makes the instance's first login succeed if PgBouncer would refuse it. Doesn't fail if it can't, but reports it:
   * the health check decides.
   */
  async heal(
    { cwd }: Pooled,
    { signal, report }: { readonly signal?: AbortSignal | undefined; report?(progress: { text: string }): void } = {},
  ): Promise<void> {
    const user = await this.#userOf(cwd)
    const ill = user && (await this.#pools.heal(user, signal))
    if (ill !== undefined) report?.({ text: `PgBouncer is still refusing its database: ${ill}` })
  }

  /** The application's login from its `.env`, if it is for PgBouncer on this machine. */
  async #userOf(cwd: string): Promise<PoolUser | undefined> {
    const login = loginInUrl(parse((await readIfExists(join(cwd, '.env'))) ?? '')['DATABASE_URL'])
    return login?.port === (await this.#port()) ? login : undefined
  }
}

/** The logins in an instance's `.env` that are for this machine. @param cwd its server folder */
export async function urlsIn(cwd: string): Promise<readonly TenantUrl[]> {
  const env = parse((await readIfExists(join(cwd, '.env'))) ?? '')
  return ['DATABASE_URL', 'DIRECT_URL'].flatMap(it => loginInUrl(env[it]) ?? [])
}

/** The login in a connection URL, if it is for this machine. */
export function loginInUrl(text: string | undefined): TenantUrl | undefined {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)) return undefined
  try {
    return {
      host: url.hostname,
      port: Number(url.port),
      database: decodeURIComponent(url.pathname.slice(1)),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
    }
  } catch {
    return undefined
  } // badly encoded, so not written by us: the application finds out whether it works
}

const refuses = (name: string, cause: string): Problem => ({
  code: 'pool-refuses',
  message: `“${name}” can’t reach its database through PgBouncer.`,
  cause,
  hint: 'Check that PostgreSQL and PgBouncer are running, and check DATABASE_URL in its .env. Then try again.',
  action: 'retry',
})
