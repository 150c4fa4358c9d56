/**
 * A home whose workspace has the tiny base application, and instances that are laid out as the older command line tool
 * left them: each is there in milliseconds, so that one window and one PM2 serve all tests of a file.
 */
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { openWorkspace, type Host } from '../../../src/main/compose'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { appsOf } from '../../../src/main/processes/leftovers'
import { isAlive } from '../../../src/main/system/proc'
import { createSample } from '../../../src/main/workspace/sample'
import { layOut, makeDatabase, pm2, startByCli, type CliInstance } from '../../support/cli-instance'
import { makeTiny } from '../../support/tiny-base'
import { createInput, mustSucceed, product, resources, until, version } from '../../support/workspace'
import { testHome, type TestHome } from './fixtures'

export interface TinyHome extends TestHome {
  /** An instance that was never started. Without a port it gets one of its own. */
  layOut(name: string, port?: number): Promise<CliInstance>
  /** Its database, where PostgreSQL runs. */
  makeDatabase(instance: CliInstance): Promise<void>
  /** Starts it as an operator does in a terminal, and waits until it answers. */
  startByCli(instance: CliInstance): Promise<void>
  pm2(...args: string[]): Promise<string>
  /** Pids of the processes that PM2 started for it, known to a daemon or not. */
  pidsOf(name: string): Promise<number[]>
  /** Ends PM2's daemon as a crash does: what it runs stays. */
  killDaemon(): Promise<void>
}

interface TinyOptions {
  /** Start PostgreSQL and PgBouncer too, which takes some seconds. */
  readonly infrastructure?: boolean
  /** Changes the base application. */
  readonly prepare?: (root: string) => Promise<void>
  /** Instances to create, where the infrastructure is started. */
  readonly create?: readonly string[]
}

export async function tinyHome({ infrastructure = false, prepare, create = [] }: TinyOptions = {}): Promise<TinyHome> {
  const place = await testHome()
  const { home, root, ports, defaults } = place
  await createSample(join(resources, 'sample-app'), root)
  await makeTiny(root)
  await prepare?.(root)
  const host: Host = {
    kind: 'command',
    version,
    home: home.path,
    product,
    data: join(home.path, 'data'),
    defaults,
    pm2Home: join(home.path, '.pm2'),
  }
  if (infrastructure) {
    const { operations, close } = await openWorkspace(host, root)
    mustSucceed(await operations.settled(await operations.start('infrastructure-start', {})))
    for (const it of create) mustSucceed(await operations.settled(await operations.start('create', createInput(it))))
    await close()
  }
  const status = () => Promise.resolve({ postgres: { port: ports.postgres }, pgbouncer: { port: ports.pgbouncer } })
  const pids = async (name: string): Promise<number[]> =>
    (await appsOf(host.pm2Home)).filter(it => it.name === name).map(it => it.pid)
  let next = ports.firstInstance + 100 // those before it are suggested to the operator
  return {
    ...place,
    pidsOf: pids,
    layOut: (name, port = next++) => layOut({ root, services: { infrastructure: { status } } }, name, port),
    makeDatabase: its => makeDatabase(place, its),
    async startByCli(its) {
      await startByCli({ host }, its)
      await until(() => answerOf(its.port))
    },
    pm2: (...args) => pm2({ host }, ...args),
    killDaemon: async () => kill9(Number(await readFile(pm2Paths(host.pm2Home).pid, 'utf8'))),
  }
}

/** kill -9, and waits until it is gone. */
export async function kill9(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(async () => !(await isAlive(pid)))
}

/** What the server on the port says; undefined if nobody answers. */
export const answerOf = (port: number): Promise<string | undefined> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    it => it.text(),
    () => undefined,
  )

/** A program that is no instance and has a port. */
export async function foreignServer(port = 0): Promise<Server> {
  const server = createServer((_, response) => response.end('foreign')).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** Every file of an instance but what its process writes. */
export async function filesOf({ folder }: CliInstance): Promise<Record<string, string>> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(it => it.isFile())
  return Object.fromEntries(
    await Promise.all(
      entries.map(async it => {
        const path = join(it.parentPath, it.name)
        return [path.slice(folder.length), await readFile(path, 'utf8')] as const
      }),
    ),
  )
}
export const configOf = async ({ folder }: CliInstance) =>
  JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { port: number; note?: string }
export const envOf = async ({ server }: CliInstance): Promise<Record<string, string>> =>
  parse(await readFile(join(server, '.env')))
