/**
 * Gives adopted containers the secure set-up. PostgreSQL's container stays: its rules are replaced and reloaded.
 * PgBouncer's is replaced, and kept under another name until all logins have been tried.
 */
import type { HardenReview } from '../../../shared/hardening'
import { serviceNames, serviceTitle } from '../../../shared/infrastructure'
import { databaseNames } from '../../../shared/instance'
import type { HardenPlan } from '../../../shared/jobs/harden'
import { problem, ProblemError, type Problem } from '../../../shared/problem'
import type { Settings } from '../../../shared/settings'
import { mapLimited } from '../../system/map-limited'
import { unreachable } from '../connection'
import type { Databases } from '../databases'
import type { AdoptedServices, Driver } from '../drivers/driver'
import type { Infrastructure } from '../infrastructure'
import { serviceOf } from '../services'
import type { TenantLogins } from '../tenants'
import { instanceFacts, serverFacts } from './facts'
import { readInside } from './files'
import { judge, type Judged } from './review'

export interface HardeningServices {
  readonly infrastructure: Infrastructure
  readonly databases: Pick<Databases, 'requireOwn' | 'foreign'>
  readonly settings: { read(): Promise<Settings> }
}

/** What undo puts back: kept as the operation's secret. */
export interface Before {
  /** The whole of pg_hba.conf and pg_ident.conf, as Base64. */
  readonly rules: string
  readonly map: string
  /** The instances' own, as `pg_authid` stores them, by role. */
  readonly passwords: Readonly<Record<string, string | null>>
}

export class Hardening {
  readonly #services: HardeningServices

  constructor(services: HardeningServices) {
    this.#services = services
  }

  /** Changes nothing. @throws Problems `nothing-to-harden`, `infrastructure-stopped`, `postgres-…` */
  async review(): Promise<HardenReview> {
    return (await this.#look()).review
  }

  /** @throws as `review`; the first of the review's refusals */
  async plan(): Promise<HardenPlan> {
    const { review, logins, open, pgbouncer } = await this.#look()
    const [refusal, ...more] = review.refused
    if (refusal)
      throw problem({ ...refusal, ...(more.length > 0 && { details: more.map(it => it.message).join('\n') }) })
    return { driver: await this.#services.infrastructure.kind(), logins: [...logins], open: [...open], pgbouncer }
  }

  /** @throws as `StartTool`, and Problems `postgres-…` */
  async before(): Promise<Before> {
    const { infrastructure } = this.#services
    const driver = await infrastructure.driver()
    const { files, roles } = await serverFacts(await infrastructure.admin())
    const users = new Set([...(await this.logins()).values()].map(it => it.user))
    const signal = new AbortController().signal
    return {
      rules: (await readInside(driver, files.rules, signal)).toString('base64'),
      map: (await readInside(driver, files.map, signal)).toString('base64'),
      passwords: Object.fromEntries(roles.filter(it => users.has(it.name)).map(it => [it.name, it.password])),
    }
  }

  /** What instances log in with, if it is to this PostgreSQL: the first of their URLs. */
  async logins(): Promise<ReadonlyMap<string, TenantLogins['urls'][number]>> {
    const ports = Object.values((await this.#services.settings.read()).ports)
    const all = await this.#services.infrastructure.tenants.logins()
    return new Map(
      all.flatMap(({ name, urls }) => {
        const found = urls.find(it => ports.includes(it.port))
        return found ? [[name, found] as const] : []
      }),
    )
  }

  async #look(): Promise<Judged & { readonly pgbouncer: string | undefined }> {
    const { infrastructure, settings } = this.#services
    const { adoptedServices } = await infrastructure.driver()
    const postgres = await adoptedServices?.find(serviceOf('postgres'))
    if (!adoptedServices || !postgres) throw nothing('Instance Manager created its containers itself.')
    const status = await infrastructure.status()
    const down = serviceNames.filter(it => status[it].state !== 'running')
    if (down.length > 0)
      throw problem({
        code: 'infrastructure-stopped',
        message: `${down.map(it => serviceTitle[it]).join(' and ')} must be running to be hardened.`,
        hint: 'Start the infrastructure, then harden it.',
        action: 'start-infrastructure',
      })
    const pgbouncer = await adoptedServices.find(serviceOf('pgbouncer'))
    const { tenants } = infrastructure
    const [{ ports }, admin, logins, running] = await Promise.all([
      settings.read(),
      infrastructure.admin(),
      tenants.logins(),
      tenants.running(),
    ])
    const server = await serverFacts(admin).catch((error: unknown) => {
      throw unreachable(error, admin.port)
    })
    const judged = judge({
      ...server,
      ports,
      postgres,
      pgbouncer,
      instances: await instanceFacts(logins, server.roles),
      foreign: await this.#foreign(logins),
      elsewhere: [...(await this.#services.databases.foreign())],
      running: running.map(it => it.name),
    })
    const { weakRules, open, roles, refused } = judged.review
    const isDone = weakRules.length + open.length + refused.length === 0 && roles.every(it => it.password === 'kept')
    if (isDone && !pgbouncer) throw nothing('Every login needs a password, and no superuser can log in over TCP.')
    return { ...judged, pgbouncer: pgbouncer?.id }
  }

  /** Why an instance's role or database isn't its own, by name. */
  async #foreign(all: readonly TenantLogins[]): Promise<ReadonlyMap<string, Problem>> {
    const found = await mapLimited(all, 4, async ({ name }) => {
      try {
        await this.#services.databases.requireOwn(databaseNames(name))
        return []
      } catch (error) {
        if (error instanceof ProblemError && error.problem.code === 'database-foreign')
          return [[name, error.problem] as const]
        throw error
      }
    })
    return new Map(found.flat())
  }
}

/** @throws Problem `nothing-to-harden` */
export function requireAdopted({ adoptedServices }: Driver): AdoptedServices {
  if (adoptedServices) return adoptedServices
  throw nothing('This driver adopts nothing.')
}

const nothing = (cause: string) =>
  problem({ code: 'nothing-to-harden', message: 'The infrastructure already has the secure set-up.', cause })
