/**
 * PostgreSQL and PgBouncer in containers of Podman or Docker. Containers that have our names and were made elsewhere
 * are adopted:
 * they are started, stopped and asked, and never changed.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { serviceNames, type DriverOption, type ServiceName, type ServiceStatus } from '../../shared/infrastructure'
import { problem, ProblemError, toProblem, type Problem } from '../../shared/problem'
import type { Settings } from '../../shared/settings'
import { startTime } from '../system/proc'
import { isRefused, unreachable, type Server } from './connection'
import { containerOptions, dataInside, fingerprint, optionsLabel, ownerLabel, type Network } from './container'
import { configurePooler, configurePostgres } from './container-files'
import {
  adminLogin,
  notAdopted,
  requireFreePort,
  serviceFailed,
  serviceSlow,
  title,
  type Driver,
  type DriverContext,
  type DriverServices,
  type DriverStatus,
} from './driver'
import { Engine, type Container } from './engine'
import { lingerWarning } from './linger'
import { poolerFiles } from './limits'
import { parsePoolerVersion, poolerAnswers, poolerPasses, poolerVersion } from './pgbouncer'
import { adminSql, postgresVersion } from './postgres'
import { passwordOf } from './secrets'
import { waitFor } from './wait'

const probe = { connect: 1500, query: 1500 }
/** Milliseconds for one look at the containers; 100 to 300 are usual. */
const lookTimeout = 2000

export class ContainerDriver implements Driver {
  private readonly engine: Engine
  /**
   * Running containers by name, each with the start of its first process: while that lives, the container need not be
   * asked for again.
   */
  private readonly seen = new Map<string, { readonly container: Container; readonly since: number }>()

  constructor(
    readonly kind: 'podman' | 'docker',
    private readonly services: DriverServices,
  ) {
    this.engine = new Engine(kind, services.run)
  }

  async detect(): Promise<DriverOption> {
    const name = this.kind === 'podman' ? 'Podman' : 'Docker'
    try {
      await this.engine.call(['info'], { timeout: 8000 })
      return { kind: this.kind, available: true, reason: `${name} works here.` }
    } catch (error) {
      const { code, details, cause } = toProblem(error)
      if (code === 'command-missing') return { kind: this.kind, available: false, reason: `${name} is not installed.` }
      return {
        kind: this.kind,
        available: false,
        reason: `${name} is installed, but does not work: ${details?.split('\n').at(-1) ?? cause ?? code}`,
      }
    }
  }

  async provision(service: ServiceName, context: DriverContext): Promise<void> {
    const settings = await this.services.settings.read()
    const name = settings.containers[service]
    const present = await this.own(name)
    if (present && this.isAdopted(present)) return
    const image = settings.containers[`${service}Image`]
    if (!present) {
      context.report(`Fetching the image of ${title(service)}`)
      await this.engine.image(service, image, { signal: context.signal, onOutput: context.output })
    }
    context.report(`Configuring ${title(service)}`)
    const network = await this.network(settings, service, context)
    const folder = this.folder(service)
    const options = containerOptions({
      engine: this.kind,
      service,
      settings,
      network,
      folder,
      owner: this.services.paths.root,
    })
    // A running one keeps its options until it is stopped; the data is on a volume and outlives its container.
    const kept =
      present && (present.running || present.labels[optionsLabel] === fingerprint(options)) ? present : undefined
    if (service === 'postgres') await configurePostgres(folder)
    else
      await configurePooler(
        folder,
        network.postgres,
        await this.poolerPassword(),
        await this.poolerVersionIn(kept?.running ? { name } : { image: kept?.image ?? image }),
      )
    if (kept) return
    if (present) {
      await this.engine.image(service, image, { signal: context.signal, onOutput: context.output })
      await this.engine.call(['rm', name], { signal: context.signal })
    }
    await this.engine.call(
      ['create', '--name', name, '--label', `${optionsLabel}=${fingerprint(options)}`, ...options],
      { signal: context.signal, files: poolerFiles },
    )
  }

  async provisioned(service: ServiceName): Promise<boolean> {
    const settings = await this.services.settings.read()
    return (await this.engine.container(settings.containers[service])) !== undefined
  }

  async start(service: ServiceName, context: DriverContext): Promise<void> {
    const settings = await this.services.settings.read()
    const name = settings.containers[service]
    const present = await this.own(name)
    if (!present)
      throw problem({
        code: 'container-missing',
        message: `There is no container ${name}.`,
        hint: 'Start the infrastructure again: that makes it.',
        action: 'start-infrastructure',
      })
    context.report(`Starting ${title(service)}`)
    requirePort(service, name, present, settings.ports[service])
    if (!present.running) {
      await requireFreePort(service, settings.ports[service])
      try {
        await this.engine.call(['start', name], { signal: context.signal })
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
        throw serviceFailed(
          service,
          `${this.kind} could not start its container.`,
          `${await this.engine.log(name)}\n${error.problem.details ?? ''}`,
        )
      }
    } else if (service === 'pgbouncer' && !this.isAdopted(present)) {
      await this.engine.call(['kill', '--signal', 'HUP', name], { signal: context.signal }) // it reads its files again
    }
    await this.answered(service, name, context, () =>
      service === 'postgres' ? this.postgresAnswers(name) : this.poolerAnswers({ connect: 5000, query: 5000 }),
    )
  }

  async stop(service: ServiceName, context: DriverContext): Promise<void> {
    const { containers } = await this.services.settings.read()
    const present = await this.own(containers[service])
    if (!present?.running) return
    context.report(`Stopping ${title(service)}`)
    const patience = service === 'postgres' ? '60' : '10' // seconds until it is killed
    await this.engine.call(['stop', '-t', patience, containers[service]], { timeout: 90_000 })
  }

  async lastWords(service: ServiceName): Promise<string> {
    const settings = await this.services.settings.read()
    return this.engine.log(settings.containers[service])
  }

  async server(service: ServiceName): Promise<Server> {
    const { containers, ports } = await this.services.settings.read()
    const container = await this.running(containers[service])
    if (!container) throw unreachable(new Error(`The container ${containers[service]} does not run.`), ports[service])
    requirePort(service, containers[service], container, ports[service])
    return { port: ports[service], adopted: this.isAdopted(container) }
  }

  private async running(name: string): Promise<Container | undefined> {
    const known = this.seen.get(name)
    if (known?.container.pid && (await startTime(known.container.pid)) === known.since) return known.container
    const container = await this.own(name)
    await this.remember(name, container)
    return container?.running ? container : undefined
  }

  private async remember(name: string, container: Container | undefined): Promise<void> {
    const since = container?.running && container.pid ? await startTime(container.pid) : undefined
    if (container && since !== undefined) this.seen.set(name, { container, since })
    else this.seen.delete(name)
  }

  async status(): Promise<DriverStatus> {
    const settings = await this.services.settings.read()
    try {
      const [postgres, pgbouncer] = await this.engine.containers(
        [settings.containers.postgres, settings.containers.pgbouncer],
        lookTimeout,
      )
      await Promise.all([
        this.remember(settings.containers.postgres, postgres),
        this.remember(settings.containers.pgbouncer, pgbouncer),
      ])
      const first = this.statusOf('postgres', postgres, settings)
      const statuses = await Promise.all([first, this.statusOf('pgbouncer', pgbouncer, settings, first)])
      return {
        postgres: statuses[0],
        pgbouncer: statuses[1],
        adopted: {
          postgres: postgres !== undefined && this.isAdopted(postgres),
          pgbouncer: pgbouncer !== undefined && this.isAdopted(pgbouncer),
        },
        warnings: await this.warnings({ postgres, pgbouncer }),
        dataFolder: postgres?.mounts.find(it => it.inside.startsWith(dataInside))?.from,
        ...(postgres?.pid &&
          pgbouncer?.pid &&
          statuses.every(it => it.state === 'running') && { alive: [postgres.pid, pgbouncer.pid] }),
      }
    } catch (error) {
      const failed = (name: ServiceName): ServiceStatus => ({
        name,
        state: 'failed',
        port: settings.ports[name],
        problem: toProblem(error),
      })
      return {
        postgres: failed('postgres'),
        pgbouncer: failed('pgbouncer'),
        adopted: { postgres: false, pgbouncer: false },
        warnings: [],
      }
    }
  }

  /** @param behind PgBouncer: PostgreSQL's */
  private async statusOf(
    service: ServiceName,
    present: Container | undefined,
    { ports, containers }: Settings,
    behind?: Promise<ServiceStatus>,
  ): Promise<ServiceStatus> {
    const is = (state: ServiceStatus['state'], more: Partial<ServiceStatus> = {}): ServiceStatus => ({
      name: service,
      state,
      port: ports[service],
      ...more,
    })
    if (!present) return is('absent')
    try {
      await this.requireOwn(containers[service], present)
      if (!present.running) return is('stopped')
      requirePort(service, containers[service], present, ports[service])
    } catch (error) {
      return is('failed', { problem: toProblem(error) })
    }
    const adopted = this.isAdopted(present)
    try {
      if (!(adopted && behind)) return is('running', { version: await this.version(service) })
      const { state } = await behind
      if (state === 'not-adopted') return is(state, { problem: notAdopted(service) })
      if (state === 'running') await this.poolerAnswers()
      return is('running') // with PostgreSQL down, no query can tell
    } catch (error) {
      if (adopted && isRefused(error)) return is('not-adopted', { problem: notAdopted(service) })
      if (error instanceof ProblemError) return is('failed', { problem: error.problem })
      return is('starting', { problem: serviceSlow(service, probe.connect / 1000, '', error).problem })
    }
  }

  private async warnings(
    containers: Readonly<Record<ServiceName, Container | undefined>>,
  ): Promise<readonly Problem[]> {
    const open = serviceNames
      .filter(it => containers[it]?.published.some(one => !one.address.startsWith('127.')))
      .map((service): Problem => ({
        code: 'port-open-to-network',
        message: `${title(service)} can be reached from the network, not only from this machine.`,
        cause: 'Its container publishes the port on all addresses.',
        hint: 'It was made elsewhere and is used as it is. Make it again with 127.0.0.1 before the port, or close the port in the firewall.',
      }))
    const runs = serviceNames.some(it => containers[it]?.running)
    const ending = runs && this.kind === 'podman' ? await lingerWarning() : undefined
    return ending ? [...open, ending] : open
  }

  private isAdopted = (container: Container): boolean => container.labels[ownerLabel] === undefined

  /** The container of that name. @throws Problem `container-of-another-workspace` */
  private async own(name: string): Promise<Container | undefined> {
    const container = await this.engine.container(name)
    if (container) await this.requireOwn(name, container)
    return container
  }

  private async requireOwn(name: string, { labels }: Container): Promise<void> {
    const owner = labels[ownerLabel]
    if (owner === undefined || owner === this.services.paths.root) return
    // A workspace that was moved takes its containers along.
    if (
      !(await stat(join(owner, '.instance-manager')).then(
        () => true,
        () => false,
      ))
    )
      return
    throw problem({
      code: 'container-of-another-workspace',
      message: `The container ${name} belongs to the workspace ${owner}.`,
      hint: 'Give this workspace other container names and ports in its settings, or choose the embedded driver.',
      action: 'choose-driver',
    })
  }

  /** @throws what `pg` throws */
  private async version(service: ServiceName): Promise<string | undefined> {
    if (service === 'postgres') return await postgresVersion(await adminLogin(this, this.services.secrets), probe)
    return await poolerVersion(await this.server(service), await this.poolerPassword(), probe)
  }

  /** PgBouncer's version in a running container or in an image; undefined if it does not say. */
  private async poolerVersionIn(
    place: { readonly name: string } | { readonly image: string },
  ): Promise<string | undefined> {
    const args =
      'name' in place
        ? ['exec', place.name, 'pgbouncer']
        : ['run', '--rm', '--network', 'none', '--entrypoint', 'pgbouncer', place.image]
    return parsePoolerVersion(await this.engine.call([...args, '--version'], { timeout: 30_000 }).catch(() => ''))
  }

  private poolerPassword = (): Promise<string> => passwordOf(this.services.secrets, 'infrastructure.pgbouncer_auth')

  // Configuration

  private folder = (service: ServiceName): string => join(this.services.paths.state, 'containers', service)

  /**
   * The network of both, and the addresses in it. PgBouncer joins an adopted PostgreSQL in its network, whose address
   * may change.
   */
  private async network(settings: Settings, service: ServiceName, { signal }: DriverContext): Promise<Network> {
    const postgres = await this.engine.container(settings.containers.postgres)
    if (service === 'pgbouncer' && postgres && this.isAdopted(postgres)) {
      const [network] = postgres.networks
      if (network) return { name: network.name, postgres: network.address }
      throw problem({
        code: 'adopted-without-network',
        message: `PgBouncer cannot reach the adopted container ${settings.containers.postgres}.`,
        cause: 'It runs in no network of its own that PgBouncer could join, or does not run.',
        hint: `Start it, or connect it to a network: "${this.kind} network connect".`,
      })
    }
    const name = `instance-manager-${settings.containers.postgres}`
    const [first = 10, second = 0, third = 0, fourth = 0] = (await this.engine.network(name, { signal }))
      .split(/[./]/)
      .map(Number)
    const host = (number: number): string => `${first}.${second}.${third}.${fourth + number}`
    return { name, postgres: host(10), pgbouncer: host(11) }
  }

  // Readiness

  /** Refused, our role is not there yet or has another password: it is set up through the container's own socket. */
  private async postgresAnswers(name: string): Promise<void> {
    const login = await adminLogin(this, this.services.secrets)
    try {
      await postgresVersion(login, probe)
    } catch (error) {
      if (!isRefused(error)) throw error
      await this.engine.call(
        [
          'exec',
          '-i',
          '-u',
          'postgres',
          name,
          'sh',
          '-c',
          'PGPASSWORD="$POSTGRES_PASSWORD" exec psql -X -q -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres',
        ],
        { input: await adminSql(login.password), timeout: 20_000 },
      )
      await postgresVersion(login, probe)
    }
  }

  /**
   * The one judgement of start and status: a query that is passed on. An adopted one may not know our role: that it
   * answers is enough. @throws what `pg` throws
   */
  private async poolerAnswers(timeouts = probe): Promise<void> {
    const server = await this.server('pgbouncer')
    await (server.adopted ? poolerPasses : poolerAnswers)(server, await this.poolerPassword(), timeouts)
  }

  private async answered(
    service: ServiceName,
    name: string,
    context: DriverContext,
    ask: () => Promise<void>,
  ): Promise<void> {
    const seconds = 90
    let last: unknown
    const log = (): Promise<string> => this.engine.log(name)
    const answer = await waitFor(
      async () => {
        try {
          await ask()
          return true
        } catch (error) {
          last = error
        }
        const container = await this.engine.container(name)
        if (!container?.running) throw serviceFailed(service, endOf(container), await log())
        return undefined
      },
      { timeout: seconds * 1000, signal: context.signal },
    )
    if (!answer) throw serviceSlow(service, seconds, await log(), last)
  }
}

/** How a container ended that should run. */
const endOf = (container: Container | undefined): string => {
  if (container?.ended?.outOfMemory) return 'Its container ran out of memory and was ended.'
  return `Its container ended right after its start${container?.ended ? `, with exit code ${container.ended.exitCode}` : ''}.`
}

/** @throws Problem `container-port` if the container publishes another port than the settings say */
function requirePort(service: ServiceName, name: string, { published }: Container, port: number): void {
  if (published.some(it => it.port === port && ['', '0.0.0.0', '::', '127.0.0.1'].includes(it.address))) return
  throw problem({
    code: 'container-port',
    message: `The container ${name} does not publish port ${port} on this machine’s 127.0.0.1.`,
    cause:
      published.length > 0
        ? `It publishes ${published.map(it => (it.address ? `${it.address}:${it.port}` : it.port)).join(', ')}.`
        : 'It publishes none.',
    hint: `Set ports.${service} in the settings to its port, or another name in containers.${service}.`,
  })
}
