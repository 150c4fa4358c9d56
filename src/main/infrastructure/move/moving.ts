/** Plans a move: what it does and costs, and why it can’t be done yet. Nothing is changed. */
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import type { DriverKind } from '../../../shared/infrastructure'
import type { moveJob, MovePlan, MoveSide } from '../../../shared/jobs/move'
import { sizeOf, type MoveReview } from '../../../shared/move'
import { problem, ProblemError, type Problem } from '../../../shared/problem'
import { portFree } from '../../system/sockets'
import { tightestDisk } from '../../system/space'
import type { SettingsFile } from '../../workspace/settings'
import { requireAvailable } from '../driver-choice'
import type { Databases } from '../databases'
import type { Driver } from '../drivers/driver'
import { placeTaken } from '../drivers/problems'
import type { Infrastructure } from '../infrastructure'
import { allServices } from '../services'
import { postgres, weakRules } from '../services/postgres'
import { requireTool } from './copy'
import { serverFacts, type Unmovable } from './facts'
import type { Former } from './former'
import {
  foreign,
  formerKept,
  noPooler,
  noRoom,
  same,
  softRules,
  unkept,
  unmovableProblem,
  type Room,
  wrongAddress,
} from './refusals'
import type { Sides } from './sides'

export interface MovingServices {
  readonly infrastructure: Infrastructure
  readonly databases: Pick<Databases, 'foreign'>
  readonly settings: Pick<SettingsFile, 'read' | 'list'>
  readonly sides: Sides
  readonly former: Former
}

/** The driver, and PostgreSQL's image if it isn't the one in the settings. */
type Wanted = Readonly<z.output<typeof moveJob.input>>

export class Moving {
  readonly #services: MovingServices

  constructor(services: MovingServices) {
    this.#services = services
  }

  /** @throws Problems `move-same`, `infrastructure-stopped`, `postgres-…` */
  async review(wanted: Wanted): Promise<MoveReview> {
    return (await this.#look(wanted)).review
  }

  /** @throws as `review`; the first of the review’s refusals */
  async plan(wanted: Wanted): Promise<MovePlan> {
    const { review, plan } = await this.#look(wanted)
    const [refusal, ...more] = review.refused
    if (refusal)
      throw problem({ ...refusal, ...(more.length > 0 && { details: more.map(it => it.message).join('\n') }) })
    return plan
  }

  async #look({ driver: kind, image }: Wanted): Promise<{ readonly review: MoveReview; readonly plan: MovePlan }> {
    const { infrastructure, settings: file, sides } = this.#services
    const [status, settings, { tenants }] = [await infrastructure.status(), await file.read(), infrastructure]
    const { containers } = settings
    const configured = { container: containers.postgres, image: containers.postgresImage }
    // the settings may name another image: an adopted container has its own
    const actual = await (await infrastructure.driver()).details?.(postgres)
    const from: MoveSide = { driver: status.driver, ...configured, ...(actual?.image && { image: actual.image }) }
    const to: MoveSide = { driver: kind, ...configured, ...(kind !== 'embedded' && image !== undefined && { image }) }
    if (from.driver === kind && (kind === 'embedded' || isSameImage(from.image, to.image))) throw same(from)
    if (status.postgres.state !== 'running')
      throw problem({
        code: 'infrastructure-stopped',
        message: 'PostgreSQL must be running to be moved.',
        hint: 'Start the infrastructure, then move it.',
        action: 'start-infrastructure',
      })
    const beside = kind === from.driver ? { ...to, container: await this.#freeName(to) } : to
    const admin = await infrastructure.admin()
    const [old, now] = [sides.of(from), sides.of(beside)]
    const [server, running, available] = [
      await serverFacts(admin),
      await tenants.running(),
      await works(kind, infrastructure),
    ]
    const pooled = {
      before: status.pgbouncer.state === 'running',
      after: available === undefined && (await poolable(now)),
    }
    const adopted = await Promise.all(
      allServices.map(async it => ({ service: it, found: await old.adoptedServices?.find(it) })),
    )
    const own = adopted.find(it => it.service === postgres)?.found === undefined
    const room = available === undefined ? await roomOf(now) : undefined
    const review: MoveReview = {
      from: from.driver,
      to: kind,
      ...(kind !== 'embedded' && { image: to.image }),
      version: status.postgres.version ?? '',
      databases: server.databases.map(({ name, bytes: size }) => ({ name, bytes: size })),
      instances: running.map(it => it.name),
      own,
      uncopiedSettings: server.uncopiedSettings,
      ...(room && { free: room.free }),
      refused: [
        ...(available ? [available] : [...(await this.#inTheWay(now)), ...toolsMissing(old, now)]),
        ...adopted.flatMap(({ service, found }) => (found ? unkept(service, found) : [])),
        ...(await this.#refused(server.unmovable, pooled.after)),
        ...(admin.adopted ? softRules(await weakRules(admin)) : []),
        ...noRoom(sizeOf(server), room),
      ],
    }
    const taken = [settings.ports.postgres, settings.ports.pgbouncer, ...running.map(it => it.port)]
    return {
      review,
      plan: {
        from,
        to: beside,
        ...(await this.#changes(configured, beside)),
        token: randomBytes(16).toString('hex'),
        spare: await freePort(taken),
        pooled,
        own,
        version: review.version,
        databases: [...server.databases],
        instances: [...running],
        analyze: true,
      },
    }
  }

  /** A name for the new container while the old one keeps its own. */
  async #freeName({ container, ...side }: MoveSide): Promise<string> {
    const stem = container.replace(/-\d+$/, '').slice(0, 50)
    for (let number = 2; ; number++) {
      const name = `${stem}-${number}`
      if (name !== container && !(await this.#services.sides.of({ ...side, container: name }).data.occupant(postgres)))
        return name
    }
  }

  /** The settings that the move changes. */
  async #changes(from: Omit<MoveSide, 'driver'>, to: MoveSide): Promise<Pick<MovePlan, 'before' | 'after'>> {
    const states = await this.#services.settings.list()
    const own = (key: string): string | null => {
      const state = states.find(it => it.key === key)
      return state?.origin === 'workspace' ? String(state.value) : null
    }
    const container = from.container !== to.container
    const image = from.image !== to.image
    return {
      before: {
        driver: own('driver') as DriverKind | null,
        ...(container && { 'containers.postgres': own('containers.postgres') }),
        ...(image && { 'containers.postgresImage': own('containers.postgresImage') }),
      },
      after: {
        driver: to.driver,
        ...(container && { 'containers.postgres': to.container }),
        ...(image && { 'containers.postgresImage': to.image }),
      },
    }
  }

  async #refused(unmovable: readonly Unmovable[], pooled: boolean): Promise<Problem[]> {
    const { infrastructure, databases, settings, former } = this.#services
    const { ports } = await settings.read()
    const logins = await infrastructure.tenants.logins()
    const using = (what: (url: { host: string; port: number }) => boolean): string[] =>
      logins.filter(it => it.urls.some(what)).map(it => it.name)
    const pooledOnes = using(it => it.port === ports.pgbouncer)
    const onIpv6 = using(it => it.host === '[::1]' && Object.values(ports).includes(it.port))
    const elsewhere = [...(await databases.foreign())]
    const left = await former.read()
    return [
      ...(unmovable.length > 0 ? [unmovableProblem(unmovable)] : []),
      ...(elsewhere.length > 0 ? [foreign(elsewhere)] : []),
      ...(left ? [formerKept(left.driver)] : []),
      ...(!pooled && pooledOnes.length > 0 ? [noPooler(pooledOnes)] : []),
      ...(onIpv6.length > 0 ? [wrongAddress(onIpv6)] : []),
    ]
  }

  async #inTheWay(now: Driver): Promise<Problem[]> {
    const found = await Promise.all(allServices.map(async it => [it, await now.data.occupant(it)] as const))
    return found.flatMap(([service, occupant]) =>
      occupant === undefined ? [] : [placeTaken(service, occupant).problem],
    )
  }
}

/** Why the driver can't be used here; undefined if it can. */
async function works(kind: DriverKind, infrastructure: Infrastructure): Promise<Problem | undefined> {
  try {
    requireAvailable(kind, await infrastructure.options())
    return undefined
  } catch (error) {
    if (error instanceof ProblemError) return error.problem
    throw error
  }
}

/** `postgres:15` is short for `docker.io/library/postgres:15`. */
const isSameImage = (...images: readonly string[]): boolean =>
  new Set(images.map(it => it.replace(/^docker\.io\//, '').replace(/^library\//, ''))).size === 1

const poolable = async (driver: Driver): Promise<boolean> =>
  (await driver.status()).services.pgbouncer.state !== 'unavailable'

/** On the disk that holds the driver's data; undefined if unknown. */
async function roomOf(driver: Driver): Promise<Room | undefined> {
  const folder = await driver.data.disk()
  if (folder === undefined) return undefined
  const disk = await tightestDisk([folder]).catch(() => undefined) // it isn't on this machine, or we can't read it
  return disk && { folder, free: Math.max(0, disk.free - disk.reserve) }
}

async function freePort(taken: readonly number[]): Promise<number> {
  for (let port = Math.min(...taken) + 1; port < 65_536; port++)
    if (!taken.includes(port) && (await portFree(port))) return port
  throw problem({
    code: 'no-free-port',
    message: 'There is no free port for the new PostgreSQL.',
    hint: 'Free a port, then try again.',
  })
}

function toolsMissing(...drivers: readonly Driver[]): Problem[] {
  try {
    for (const it of drivers) requireTool(it)
    return []
  } catch (error) {
    if (error instanceof ProblemError) return [error.problem]
    throw error
  }
}
