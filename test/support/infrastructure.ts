/** Separate infrastructure for one test suite: a temporary workspace, free ports, unique container names. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import type { DriverKind } from '../../src/shared/infrastructure'
import { settingsSchema, type Settings } from '../../src/shared/settings'
import { Databases } from '../../src/main/infrastructure/databases'
import type { Login } from '../../src/main/infrastructure/connection'
import type { DriverContext, DriverServices } from '../../src/main/infrastructure/drivers/driver'
import { EmbeddedDriver } from '../../src/main/infrastructure/drivers/embedded-driver'
import { Infrastructure } from '../../src/main/infrastructure/infrastructure'
import { ContainerDriver } from '../../src/main/infrastructure/drivers/container-driver'
import { allServices } from '../../src/main/infrastructure/services'
import { adminLogin, postgres } from '../../src/main/infrastructure/services/postgres'
import { Former } from '../../src/main/infrastructure/move/former'
import { Wanted } from '../../src/main/infrastructure/wanted'
import { makePrivateFolder } from '../../src/main/system/files'
import { createRun, createStart, type Run } from '../../src/main/system/run'
import { markOf } from '../../src/main/system/sweep'
import { workspacePaths } from '../../src/main/workspace/paths'
import { Secrets } from '../../src/main/workspace/secrets'
import { SettingsFile } from '../../src/main/workspace/settings'
import { freePort } from './ports'

export interface TestInfrastructure {
  readonly root: string
  readonly settings: Settings
  readonly secrets: Secrets
  readonly run: Run
  /** For creating other drivers. */
  readonly services: DriverServices
  readonly infrastructure: Infrastructure
  readonly databases: Databases
  readonly output: string[]
  /** Provisions, starts and secures both services, as the operation does. */
  up(): Promise<void>
  down(): Promise<void>
  /** Stops everything and removes the folder. */
  dispose(): Promise<void>
}

export interface TestOptions {
  readonly driver: DriverKind
  readonly images?: { readonly postgres: string; readonly pgbouncer: string }
  /** The folder's name under the temporary folder; used to test spaces and length. */
  readonly folder?: string
}

export async function testInfrastructure({ driver, images, folder = '' }: TestOptions): Promise<TestInfrastructure> {
  const temporary = await mkdtemp(join(tmpdir(), 'im-infrastructure-'))
  const root = join(temporary, folder)
  const state = join(root, '.instance-manager')
  await makePrivateFolder(state)
  const id = randomBytes(4).toString('hex')
  let settings = settingsSchema.parse({
    driver,
    ports: { postgres: await freePort(), pgbouncer: await freePort() },
    containers: {
      postgres: `im-test-${id}-postgres`,
      pgbouncer: `im-test-${id}-pgbouncer`,
      ...(images ? { postgresImage: images.postgres, pgbouncerImage: images.pgbouncer } : {}),
    },
  })
  const secrets = new Secrets(join(state, 'secrets.json'))
  const run = createRun(root)
  const store = {
    read: () => Promise.resolve(settings),
    change: (values: Partial<Settings>) => {
      settings = { ...settings, ...values }
      return Promise.resolve()
    },
  }
  const paths = { root, state, embedded: join(state, 'embedded') }
  const services: DriverServices = {
    paths,
    run,
    start: createStart(root),
    mark: markOf(root),
    settings: store,
    secrets,
    pools: () => infrastructure.tenants.pools(),
  }
  const infrastructure: Infrastructure = new Infrastructure({
    drivers: {
      podman: new ContainerDriver('podman', allServices, services),
      docker: new ContainerDriver('docker', allServices, services),
      embedded: new EmbeddedDriver(allServices, services),
    },
    settings: store,
    secrets,
    users: () => [],
    id: randomUUID(),
    signal: new AbortController().signal,
    former: new Former(join(state, 'former-postgres.json')),
    wanted: new Wanted(join(state, 'infrastructure.json'), root),
  })
  const output: string[] = []
  /** Of one start or stop: the suite may go on for longer. */
  const newContext = (): DriverContext => ({
    signal: AbortSignal.timeout(240_000),
    report: text => output.push(text),
    output: chunk => output.push(chunk),
  })
  const down = async (): Promise<void> => {
    const context = newContext()
    await infrastructure.stop(driver, 'pgbouncer', context)
    await infrastructure.stop(driver, 'postgres', context)
  }
  return {
    root,
    settings,
    secrets,
    run,
    services,
    infrastructure,
    output,
    down,
    databases: new Databases(() => infrastructure.admin(), randomUUID()),
    async up() {
      const context = newContext()
      await infrastructure.provision(driver, 'postgres', context)
      await infrastructure.start(driver, 'postgres', context)
      await infrastructure.secure(driver)
      await infrastructure.provision(driver, 'pgbouncer', context)
      await infrastructure.start(driver, 'pgbouncer', context)
    },
    async dispose() {
      await down()
      if (driver !== 'embedded') await removeContainers(driver, settings)
      await rm(temporary, { recursive: true, force: true })
    },
  }
}

/** The engine's own login to a workspace's embedded PostgreSQL. @param defaults the site's defaults, a file */
export async function embeddedAdmin(root: string, defaults: string): Promise<Login> {
  const paths = workspacePaths(root)
  const secrets = new Secrets(paths.secrets)
  const settings = new SettingsFile(paths.settings, defaults)
  const driver = new EmbeddedDriver(allServices, {
    paths,
    secrets,
    settings,
    pools: () => Promise.resolve(new Map()),
    run: createRun(root),
    start: createStart(root),
    mark: markOf(root),
  })
  return adminLogin(await driver.server(postgres), secrets)
}

/** Containers, network and volume of one test. */
async function removeContainers(engine: 'podman' | 'docker', { containers }: Settings): Promise<void> {
  const call = (...args: string[]): Promise<unknown> => execa(engine, args, { reject: false, input: '' })
  const atOnce = engine === 'podman' ? ['--time', '0'] : [] // as Docker does
  await call('rm', '--force', '--volumes', ...atOnce, containers.pgbouncer, containers.postgres)
  await call('network', 'rm', `instance-manager-${containers.postgres}`)
  await call('volume', 'rm', '--force', `instance-manager-${containers.postgres}`)
}
