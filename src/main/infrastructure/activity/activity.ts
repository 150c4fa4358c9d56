/**
 * What the databases are doing: sampled every few seconds while someone watches and once a minute otherwise, so the
 * last hour is known when someone looks (decision 0036).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseActivity, Pool, SessionEnd, SessionKey, TableRows } from '../../../shared/database-activity'
import { problem, ProblemError, toProblem, type Problem } from '../../../shared/problem'
import { Watched } from '../../system/watched'
import { unreachable, whyUnreachable, type Login } from '../connection'
import type { Tenants } from '../tenants'
import { describe, samplesOf, type Found } from './describe'
import { endSession } from './end-session'
import { HeldConnection } from './held-connection'
import { Hour } from './hour'
import { lookAtPools } from './pools-look'
import { lookAtPostgres, lookAtSizes, type SlowLook } from './postgres-looks'
import { tablesOf } from './tables'

/** Milliseconds between looks while someone watches, and while nobody does. */
const watchInterval = 5000
const minute = 60_000
/** Milliseconds. A look takes a few; the sizes of a hundred databases, about a hundred. */
const timeouts = { connect: 4000, query: 4000 }

interface ActivityServices {
  /** Our role's login to PostgreSQL. */
  admin(): Promise<Login>
  /** The login to PgBouncer's console. */
  console(): Promise<Login>
  tenants(): Tenants
  /** Seconds after which queries and idle transactions are listed. */
  readonly longAfter: number
  /** The id that marks this workspace's databases. */
  readonly workspace: string
  /** Aborted when the workspace is closed. */
  readonly signal: AbortSignal
}

export class Activity {
  readonly #services: ActivityServices
  readonly #watched: Watched<DatabaseActivity>
  readonly #postgres: HeldConnection
  readonly #console: HeldConnection
  readonly #hour = new Hour()
  #looking: Promise<DatabaseActivity> | undefined
  #lookedAt = 0
  #before: Found | undefined
  #slow: (SlowLook & { readonly at: number }) | undefined

  constructor(services: ActivityServices) {
    const { signal } = services
    this.#services = services
    this.#watched = new Watched(
      {
        look: () => this.look(),
        due: until => sleep(watchInterval, undefined, { signal: until }).catch(() => undefined),
      },
      signal,
    )
    this.#postgres = new HeldConnection({
      login: services.admin,
      begin: client => client.query(`SET statement_timeout = ${timeouts.query}`),
      timeouts,
      signal,
    })
    this.#console = new HeldConnection({ login: services.console, timeouts, signal })
  }

  /** Never fails: says what couldn't be found out. Takes at most a few seconds. */
  look(): Promise<DatabaseActivity> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined))
    return this.#looking
  }

  /** The activity, again every few seconds, until the signal is aborted or the workspace is closed. */
  watch(signal: AbortSignal): AsyncGenerator<DatabaseActivity, void> {
    return this.#watched.watch(signal)
  }

  /** Looks once a minute if nobody else does, until the workspace is closed. */
  async run(): Promise<void> {
    const { signal } = this.#services
    while (!signal.aborted) {
      if (performance.now() - this.#lookedAt >= minute) await this.look()
      const left = minute - (performance.now() - this.#lookedAt)
      await sleep(Math.max(left, watchInterval), undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  /** Closes its connections: a service is about to stop, and mustn't wait for them. */
  async release(): Promise<void> {
    await Promise.all([this.#postgres.close(), this.#console.close()])
  }

  /** Ends a session that is still as it was shown. @throws Problem `session-gone`; `postgres-unreachable` and others */
  async end(session: SessionKey, how: SessionEnd): Promise<void> {
    const tenants = await this.#services.tenants().databases()
    await endSession(await this.#services.admin(), session, how, tenants, this.#services.workspace)
    this.#watched.again()
  }

  /** The tables of an instance's database with the most dead rows. @throws Problem `instance-unknown`, and as `end` */
  async tables(instance: string): Promise<readonly TableRows[]> {
    const found = (await this.#services.tenants().databases()).find(it => it.instance === instance)
    if (!found) throw problem({ code: 'instance-unknown', message: `There is no instance “${instance}”.` })
    return await tablesOf(await this.#services.admin(), found.database)
  }

  async #look(): Promise<DatabaseActivity> {
    const at = Date.now()
    this.#lookedAt = performance.now()
    const [tenants, postgres, pools] = await Promise.all([
      settled(this.#services.tenants().databases()),
      settled(this.#askPostgres()),
      settled(this.#askPools()),
    ])
    if (!postgres.value || !tenants.value) {
      this.#before = undefined
      const { history } = this.#hour
      const why = postgres.problem ?? tenants.problem
      return { at, problem: why, poolProblem: pools.problem, databases: [], long: [], locks: [], history }
    }
    const found: Found = { at, ...postgres.value, pools: pools.value ?? new Map<string, Pool>() }
    const { totals, databases } = samplesOf(found)
    this.#hour.add(at, totals, databases)
    const described = describe(found, this.#before, this.#hour, tenants.value)
    this.#before = found
    return { at, poolProblem: pools.problem, ...described, history: this.#hour.history }
  }

  async #askPostgres(): Promise<Pick<Found, 'postgres' | 'slow'>> {
    const { port } = await this.#services.admin()
    try {
      return await this.#postgres.use(async client => {
        const postgres = await lookAtPostgres(client, this.#services.longAfter)
        if (!this.#slow || performance.now() - this.#slow.at >= minute)
          this.#slow = { ...(await lookAtSizes(client)), at: performance.now() }
        return { postgres, slow: this.#slow }
      })
    } catch (error) {
      throw unreachable(error, port)
    }
  }

  async #askPools(): Promise<ReadonlyMap<string, Pool>> {
    try {
      // an adopted one doesn't answer roles that it doesn't know (services/pgbouncer.ts)
      if ((await this.#services.console()).adopted) throw new Error('It was created elsewhere.')
      return await this.#console.use(lookAtPools)
    } catch (error) {
      if (error instanceof ProblemError && error.problem.code !== 'postgres-unreachable') throw error
      throw problem({
        code: 'pools-unknown',
        message: 'PgBouncer’s pools can’t be read.',
        cause: error instanceof ProblemError ? error.problem.cause : whyUnreachable(error),
        hint: 'PostgreSQL’s own figures are still shown. If PgBouncer isn’t running, start the infrastructure.',
      })
    }
  }
}

/** What was found, or why it wasn't. */
const settled = <T>(
  work: Promise<T>,
): Promise<{ readonly value: T; readonly problem?: never } | { readonly value?: never; readonly problem: Problem }> =>
  work.then(
    value => ({ value }),
    (error: unknown) => ({ problem: toProblem(error) }),
  )
