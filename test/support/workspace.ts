/**
 * A real workspace of the sample application for one test suite, with its own home, ports, PM2, PostgreSQL and
 * PgBouncer.
 */
import { randomInt } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { escapeIdentifier } from 'pg'
import type { DriverKind } from '../../src/shared/infrastructure'
import type { CreateInput } from '../../src/shared/instance'
import type { OperationState } from '../../src/shared/operation'
import { openWorkspace, type Host } from '../../src/main/compose'
import type { WorkspaceServices } from '../../src/main/services'
import { withConnection } from '../../src/main/infrastructure/connection'
import { signalTo, workingIn } from '../../src/main/infrastructure/drivers/daemons'
import { Processes } from '../../src/main/processes/client'
import { makePrivateFolder, writeJson } from '../../src/main/system/files'
import { productIn, type Product } from '../../src/main/system/product'
import { writeSealed } from '../../src/main/system/sealed'
import { workspacePaths } from '../../src/main/workspace/paths'
import { createSample } from '../../src/main/workspace/sample'
import { endProcessesIn } from './processes'
import { sealedNames } from './sealed'
import { firstInstancePort, freePort } from './ports'
import { copyReleases, takeRelease } from './releases'

export const resources = resolve(import.meta.dirname, '../../resources')

/** The log worker, run from source. */
export const logWorker = resolve(import.meta.dirname, 'log-worker.mjs')

/** This clone, unbuilt. */
export const product: Product = { ...productIn(resolve(import.meta.dirname, '../..')), logWorker }

/** The product's: an older one would refuse a workspace that the command line has opened. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

/** The default input for a creation. */
export const director = { name: 'Ada Lovelace', email: 'ada@school.example', password: 'a quiet Wednesday 7' }

export const createInput = (name: string): CreateInput => ({
  name,
  port: 'auto',
  allowSharedPort: false,
  jwtSecret: 'generate',
  systemUser: false,
  install: 'ci',
  director,
})

export interface TestWorkspace {
  /** Everything in this workspace is below it. */
  readonly home: string
  readonly root: string
  readonly host: Host
  /** Of the open workspace. */
  readonly services: WorkspaceServices
  /** Our own connection to PM2, whether or not the workspace is open. */
  readonly processes: Processes
  open(): Promise<void>
  close(): Promise<void>
  startInfrastructure(): Promise<void>
  stopInfrastructure(): Promise<void>
  /**
   * Kills PostgreSQL and PgBouncer at once, as a power cut would; the workspace may be closed. Embedded driver only.
   */
  killInfrastructure(): Promise<void>
  /** Starts a creation and returns its id. */
  begin(input: Partial<CreateInput> & { name: string }): Promise<string>
  /** Creates an instance and waits for the outcome. */
  create(input: Partial<CreateInput> & { name: string }): Promise<OperationState>
  /** As PostgreSQL's administrator, on the direct port; the workspace is open. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Removes an instance as an operator would by hand, for the next test. */
  discard(name: string): Promise<void>
  /** Stops everything and removes it. */
  remove(): Promise<void>
}

export interface WorkspaceOptions {
  readonly driver?: DriverKind
  readonly images?: { readonly postgres: string; readonly pgbouncer: string }
  /** Engines that the test moves it to, beside its driver. */
  readonly engines?: readonly ('podman' | 'docker')[]
  /** The kind of host that opens it; a command doesn't supervise the infrastructure. */
  readonly as?: Host['kind']
  /** Changes the base application before anything is created from it. */
  readonly prepare?: (root: string) => Promise<void>
  /** Begin with a prepared release. The base application's name: those of one name are the same. */
  readonly prepared?: string
}

export async function testWorkspace({
  driver = 'embedded',
  images,
  engines = [],
  prepare,
  prepared,
  as = 'command',
}: WorkspaceOptions = {}): Promise<TestWorkspace> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'im-')))
  const root = join(home, 'a workspace')
  const data = join(home, 'data')
  await mkdir(data)
  await createSample(join(resources, 'sample-app'), root)
  await prepare?.(root)
  const paths = workspacePaths(root)
  await makePrivateFolder(paths.state)
  const prefix = `im-test-${randomInt(1e9).toString(36)}`
  await writeJson(paths.settings, {
    driver,
    // Below the range of outgoing connections, so that a port isn't taken between choosing and using it.
    ports: { postgres: await freePort(), pgbouncer: await freePort(), firstInstance: firstInstancePort() },
    containers: {
      postgres: `${prefix}-postgres`,
      pgbouncer: `${prefix}-pgbouncer`,
      ...(images && { postgresImage: images.postgres, pgbouncerImage: images.pgbouncer }),
    },
  })
  if (prepared !== undefined) await takeRelease(root, prepared)
  const host: Host = {
    kind: as,
    version,
    home,
    product,
    data,
    defaults: join(home, 'no-defaults.json'),
    pm2Home: join(home, '.pm2'),
  }
  const processes = new Processes(host.pm2Home)
  let services: WorkspaceServices | undefined
  const its = (): WorkspaceServices => {
    if (!services) throw new Error('the workspace is closed')
    return services
  }
  const settle = async (kind: string): Promise<void> => {
    mustSucceed(await its().operations.settled(await its().operations.start(kind, {})))
  }
  const workspace: TestWorkspace = {
    home,
    root,
    host,
    processes,
    get services() {
      return its()
    },
    async open() {
      services ??= await openWorkspace(host, root)
    },
    async close() {
      const open = services
      services = undefined
      await open?.close()
    },
    startInfrastructure: () => settle('infrastructure-start'),
    stopInfrastructure: () => settle('infrastructure-stop'),
    async killInfrastructure() {
      const running = async (): Promise<number[]> =>
        (
          await Promise.all((['postgres', 'pgbouncer'] as const).map(it => workingIn(join(paths.embedded, it), it)))
        ).flat()
      await until(async () => {
        const pids = await running()
        for (const pid of pids) signalTo(pid, 'SIGKILL')
        return pids.length === 0
      })
    },
    begin: input => its().operations.start('create', { ...createInput(input.name), ...input }),
    create: async input => its().operations.settled(await workspace.begin(input)),
    sql: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      withConnection(
        await its().infrastructure.admin(),
        async client => (await client.query<Row>(text, [...values])).rows,
      ),
    async discard(name) {
      await processes.remove({ name, cwd: join(paths.instances, name, 'server') })
      await processes.dump.save()
      await workspace.sql(`DROP DATABASE IF EXISTS ${escapeIdentifier(`${name.toLowerCase()}_db`)} WITH (FORCE)`)
      await workspace.sql(`DROP ROLE IF EXISTS ${escapeIdentifier(`${name.toLowerCase()}_user`)}`)
      await rm(join(paths.instances, name), { recursive: true, force: true })
      const desired = join(paths.state, 'desired.json')
      await writeSealed(
        desired,
        (await sealedNames(desired)).filter(it => it !== name),
      )
    },
    async remove() {
      await workspace.close().catch(() => undefined)
      for (const it of new Set([driver, ...engines])) if (it !== 'embedded') await removeContainers(it, prefix)
      await endProcessesIn(home)
      for (const it of await systemUsersIn(home)) await execa('userdel', ['--force', it])
      await rm(home, { recursive: true, force: true })
    },
  }
  return workspace
}

/** Users of the instances in this folder. */
const systemUsersIn = async (folder: string): Promise<string[]> =>
  (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .map(it => it.split(':'))
    .filter(it => it[5]?.startsWith(`${folder}/`))
    .map(it => it[0] ?? '')

async function removeContainers(engine: 'podman' | 'docker', prefix: string): Promise<void> {
  for (const what of ['container', 'volume', 'network'] as const) {
    const { stdout } = await execa(
      engine,
      [
        what,
        'ls',
        ...(what === 'container' ? ['--all'] : []),
        '--format',
        what === 'container' ? '{{.Names}}' : '{{.Name}}',
      ],
      { input: '' },
    )
    // volumes and networks are named after their container
    const ours = stdout.split('\n').filter(it => it.includes(prefix))
    const force = { container: ['--force', '--volumes'], volume: ['--force'], network: [] } // Docker: only from version 23
    if (ours.length) await execa(engine, [what, 'rm', ...force[what], ...ours], { input: '', timeout: 60_000 })
  }
}

/** The state of an operation that succeeded. @throws the reason if it didn't */
export function mustSucceed(state: OperationState): OperationState {
  if (state.phase !== 'succeeded')
    throw new Error(`${state.kind} ${state.subject} ${state.phase}: ${JSON.stringify(state.turned)}`)
  return state
}

/** Waits for a condition. @throws if it isn't met in time @param seconds preparations on a busy machine need more */
export async function until<T>(
  condition: () => Promise<T | undefined | false> | T | undefined | false,
  seconds = 60,
): Promise<T> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await delay(20)) {
    const answer = await condition()
    if (answer !== undefined && answer !== false) return answer
  }
  throw new Error(`condition not met: ${condition.toString()}`)
}

/** Logs in to an instance's API. @returns the HTTP status and the token, if any */
export async function login(
  port: number,
  email: string,
  password: string,
): Promise<{ status: number; token?: string; name?: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/login`, {
    method: 'POST',
    // a connection that is kept may be a predecessor's
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ email, password }),
  })
  const { token, user } = (await answer.json()) as { token?: string; user?: { name: string } }
  return { status: answer.status, token, name: user?.name }
}

/** Whether npm has started to fill a package folder. */
export async function isInstalling(releases: string, part: 'server' | 'client'): Promise<boolean> {
  const aside = (await readdir(releases).catch(() => [])).filter(it => it.startsWith('.'))
  const work = (
    await Promise.all(
      aside.map(async it => (await readdir(join(releases, it)).catch(() => [])).map(name => join(releases, it, name))),
    )
  ).flat()
  const folders = work.filter(it => basename(it) === `${part}-packages`).map(it => join(it, part, 'node_modules'))
  return (await Promise.all(folders.map(it => readdir(it).catch(() => [])))).some(it => it.length > 0)
}

/** Copies a finished release to another workspace with the same base application, to save preparing it. */
export async function shareReleases(from: TestWorkspace, to: TestWorkspace): Promise<void> {
  const [source, target] = [from, to].map(it => workspacePaths(it.root).releases) as [string, string]
  await until(async () => !(await readdir(source)).some(it => it.startsWith('.gone-'))) // in the background
  await copyReleases(source, target)
}
