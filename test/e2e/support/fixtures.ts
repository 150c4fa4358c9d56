/**
 * What windows are tested with. A release is prepared once and copied; each test file has a home of its own with its
 * own ports, PostgreSQL, PgBouncer and PM2, and whatever was started in it is ended with it.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { expect as patient, test as base } from '@playwright/test'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { Processes } from '../../../src/main/processes/client'
import { settingsSchema } from '../../../src/shared/settings'
import { launchApp, makeHome, type Home, type LaunchedApp } from '../../support/electron'
import { embeddedAdmin } from '../../support/infrastructure'
import { makeObedientBase } from './obedient-base'
import { firstInstancePort, freePort } from '../../support/ports'
import { prepareRelease } from '../../support/releases'
import { madeOnce } from '../../support/shared'

/** A home with the defaults of a site: embedded services on free ports. */
export interface TestHome {
  readonly home: Home
  /** Where its workspace lies, once it is made. */
  readonly root: string
  readonly ports: { readonly postgres: number; readonly pgbouncer: number; readonly firstInstance: number }
  /** The file with the site's defaults. */
  readonly defaults: string
  /** Starts the app; without a workspace it opens the last one, or asks. */
  launch(options?: LaunchOptions): Promise<LaunchedApp>
  /** A workspace of the obedient base, its release prepared. */
  placeWorkspace(prepared: Prepared): Promise<void>
  processes(): Promise<{ name: string; status: string }[]>
  /** As PostgreSQL's administrator, on the direct port. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Databases and the roles of instances, by name. */
  databases(): Promise<string[]>
  remove(): Promise<void>
}

export interface LaunchOptions {
  readonly workspace?: string
  readonly data?: string
  /** The app's folder; this clone by default. */
  readonly folder?: string
  /** A folder of programs that come first in PATH. */
  readonly bin?: string
}

/** A workspace whose release is prepared, to be copied. */
export interface Prepared {
  readonly root: string
}

/** @param shown names and ports as an operator has them: for pictures, one at a time */
export async function testHome({ shown = false } = {}): Promise<TestHome> {
  const home = await makeHome(shown ? 'ada' : undefined)
  const root = join(await realpath(home.path), shown ? 'schools' : 'workspace')
  const ports = shown
    ? settingsSchema.parse({}).ports
    : { postgres: await freePort(), pgbouncer: await freePort(), firstInstance: firstInstancePort() }
  const defaults = join(home.path, 'defaults.json')
  const maintenance = shown ? {} : { day: 'never' } // whatever the time is, it doesn't begin in the middle of a test
  await writeFile(defaults, JSON.stringify({ driver: 'embedded', ports, maintenance }))
  const launched: LaunchedApp[] = []
  const place: TestHome = {
    home,
    root,
    ports,
    defaults,
    async launch({ workspace, data, folder, bin } = {}) {
      const it = await launchApp({
        home,
        workspace,
        folder,
        env: {
          INSTANCE_MANAGER_DEFAULTS: defaults,
          ...(data && { XDG_CONFIG_HOME: data }),
          ...(bin && { PATH: `${bin}:${process.env['PATH'] ?? ''}` }),
        },
      })
      launched.push(it)
      return it
    },
    // Node's own copy rounds times, and the release would count as damaged.
    async placeWorkspace(prepared) {
      await promisify(execFile)('cp', ['--archive', '--no-target-directory', prepared.root, root])
    },
    processes: () => new Processes(join(home.path, '.pm2')).list(),
    sql: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      withConnection(
        await embeddedAdmin(root, defaults),
        async client => (await client.query<Row>(text, [...values])).rows,
      ),
    databases: async () =>
      (
        await place.sql<{ name: string }>(
          'SELECT datname AS name FROM pg_database WHERE NOT datistemplate AND datname <> $1 UNION SELECT rolname FROM pg_roles WHERE rolname LIKE $2',
          ['postgres', '%\\_user'],
        )
      ).map(it => it.name),
    async remove() {
      if (hasFailed()) for (const it of launched) console.error(await it.complaints().catch(String))
      await Promise.all(launched.map(it => it.kill()))
      await home.remove()
    },
  }
  return place
}

/** Whether the test that is ending has failed. Pictures are made outside of any. */
function hasFailed(): boolean {
  try {
    const { status, expectedStatus } = base.info()
    return status !== expectedStatus
  } catch {
    return false
  }
}

/** Makes a workspace of the obedient base, its release prepared. */
export async function prepare(root: string): Promise<void> {
  await makeObedientBase(root)
  await prepareRelease(root)
}

/** `prepared` is made once for all files. */
export const test = base.extend<object, { display: undefined; prepared: Prepared }>({
  /** Each worker has a display of its own, for focus and clipboard; all use the real one if there is one. */
  display: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures from the pattern
    async ({}, use) => {
      if (process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']) return use(undefined)
      const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1920x1200x24'], {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      })
      const ended = once(server, 'exit')
      const [number] = (await Promise.race([
        once(server.stdio[3] as Readable, 'data'),
        ended.then(() => Promise.reject(new Error('Xvfb ended'))),
      ])) as [Buffer]
      process.env['DISPLAY'] = `:${number.toString().trim()}`
      await use(undefined)
      delete process.env['DISPLAY']
      server.kill()
      await ended
    },
    { scope: 'worker', auto: true },
  ],
  prepared: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads the fixtures from the pattern
    async ({}, use) => {
      const folder = await madeOnce('obedient', made => prepare(join(made, 'workspace')))
      await use({ root: join(folder, 'workspace') })
    },
    { scope: 'worker', timeout: 300_000 },
  ],
})

/** Outside of the test runner too, a busy machine gets time. */
export const expect = patient.configure({ timeout: 30_000 })
