/**
 * A snapshot of everything a workspace affects. Where nothing may be left behind, *before* and *after* must be equal:
 * compare them with `expect.poll`, because releases and trash are removed in the background once a job has settled.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { marker } from '../../src/main/system/sweep'
import { allPids, environmentOf, isAlive, program } from '../../src/main/system/proc'
import { workspacePaths } from '../../src/main/workspace/paths'
import { processesIn } from './processes'
import { sealedKeys, sealedNames } from './sealed'
import { until, type TestWorkspace } from './workspace'

export interface World {
  readonly databases: readonly string[]
  readonly roles: readonly string[]
  /**
   * Path, mode and size of everything in instances/ and .instance-manager/, except finished releases, packages and
   * settled journals.
   */
  readonly files: readonly string[]
  /** Instances that should run. */
  readonly desired: readonly string[]
  /** Keys in secrets.json. */
  readonly secrets: readonly string[]
  /** Operations that are still open. */
  readonly open: readonly string[]
  readonly pm2: readonly string[]
  readonly dump: readonly string[]
  readonly pm2Files: readonly string[]
  /** Ports on which processes of this workspace listen. */
  readonly ports: readonly string[]
  /** Processes of this workspace, except those of PostgreSQL, PgBouncer and PM2. */
  readonly processes: readonly string[]
  /** Processes that carry the marker of our tools. */
  readonly marked: readonly string[]
}

export async function world(workspace: TestWorkspace): Promise<World> {
  const { root, home, host } = workspace
  const { state, instances, operations, releases, secrets } = workspacePaths(root)
  const skipped = new Set([
    operations,
    releases,
    join(state, 'embedded'),
    join(state, 'containers'),
    secrets,
    join(state, 'desired.json'),
    join(state, 'app.log'),
    join(state, 'lock'),
    join(state, 'lock.json'),
  ])
  await until(async () => !(await names(releases)).some(it => it.startsWith('.gone-'))) // removed in the background
  const pids = await processesIn(home)
  return {
    databases: (
      await workspace.sql<{ it: string }>(
        'SELECT datname || coalesce(datacl::text, $1) AS it FROM pg_database ORDER BY 1',
        [''],
      )
    ).map(it => it.it),
    roles: (await workspace.sql<{ it: string }>('SELECT rolname AS it FROM pg_roles ORDER BY 1')).map(it => it.it),
    files: (await Promise.all([instances, state].map(it => filesIn(it, home, skipped))))
      .flat()
      .concat(await unfinished(releases)),
    desired: await sealedNames(join(state, 'desired.json')),
    secrets: await sealedKeys(secrets),
    open: await openOperations(operations),
    pm2: (await workspace.processes.list()).map(it => `${it.name} ${it.status} ${it.pid ?? ''} ${it.cwd}`).toSorted(),
    dump: JSON.parse(await readFile(join(host.pm2Home, 'dump.pm2'), 'utf8').catch(() => '[]'))
      .map((it: { name: string; pm_cwd: string }) => `${it.name} ${it.pm_cwd}`)
      .toSorted(),
    pm2Files: [...(await names(join(host.pm2Home, 'logs'))), ...(await names(join(host.pm2Home, 'pids')))],
    ports: await portsOf(pids),
    processes: await describe(pids),
    marked: await markedIn(root),
  }
}

/** Without the numbers that PM2 and the system assign on each start. */
export const withoutPids = ({ pm2, pm2Files, processes, ...rest }: World) => ({
  ...rest,
  pm2Files: pm2Files.map(it => it.replace(/-\d+\.pid$/, '.pid')),
  pm2: pm2.map(it => it.replace(/(online|stopped) \d*/, '$1')),
  processes: processes.length,
})

/** Our tools' processes that are still running, in this workspace only. */
export async function markedIn(root: string): Promise<string[]> {
  const found = await Promise.all(
    (await allPids()).map(async pid => {
      const [environment, cwd] = await Promise.all([environmentOf(pid), readlink(`/proc/${pid}/cwd`).catch(() => '')])
      return environment.has(marker) && cwd.startsWith(root) && (await isAlive(pid))
        ? `${pid} ${(await program(pid)) ?? ''} ${cwd}`
        : undefined
    }),
  )
  return found.filter(it => it !== undefined)
}

async function filesIn(folder: string, home: string, skipped: ReadonlySet<string>): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(() => [])).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  const found = await Promise.all(
    entries.map(async entry => {
      const path = join(folder, entry.name)
      if (entry.name === 'node_modules' || skipped.has(path)) return []
      const its = await stat(path).catch(() => undefined)
      if (!its) return [] // removed since, in the background
      const { mode, size } = its
      const line = `${relative(home, path)} ${(mode & 0o777).toString(8)}`
      return entry.isDirectory() ? [line, ...(await filesIn(path, home, skipped))] : [`${line} ${size}`]
    }),
  )
  return found.flat()
}

const names = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))

/** Releases being prepared; there are none when nothing is running. */
const unfinished = async (folder: string): Promise<string[]> => (await names(folder)).filter(it => it.startsWith('.'))

/** The journals' files. A torn last line doesn't count. */
export async function openOperations(folder: string): Promise<string[]> {
  const journals = await Promise.all(
    (await names(folder)).map(async it => ({ it, text: await readFile(join(folder, it), 'utf8') })),
  )
  return journals.filter(({ text }) => !/"type":"settled".*\n/.test(text)).map(({ it }) => it)
}

/** Excludes the test runner's own use of the folder, and daemons that outlive operations. */
const daemons = new Set(['postgres', 'pgbouncer', 'conmon'])

async function describe(pids: readonly number[]): Promise<string[]> {
  const lines = await Promise.all(
    pids.map(async pid => {
      const [name, cwd, environment] = await Promise.all([
        program(pid),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
        environmentOf(pid),
      ])
      const isPm2 = environment.has('PM2_HOME') && !environment.has('pm_id')
      return name === undefined || daemons.has(name) || isPm2 || !(await isAlive(pid))
        ? undefined
        : `${pid} ${name} ${cwd}`
    }),
  )
  return lines.filter(it => it !== undefined).toSorted()
}

async function portsOf(pids: readonly number[]): Promise<string[]> {
  const tables = await Promise.all(['tcp', 'tcp6'].map(it => readFile(`/proc/net/${it}`, 'utf8').catch(() => '')))
  const listening = new Map(
    tables
      .flatMap(it => it.split('\n').slice(1))
      .map(it => it.trim().split(/\s+/))
      .filter(it => it[3] === '0A')
      .map(it => [`socket:[${it[9]}]`, parseInt(it[1]?.split(':').at(-1) ?? '', 16)]),
  )
  const open = await Promise.all(
    pids.map(async pid => {
      const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
      const targets = await Promise.all(files.map(it => readlink(`/proc/${pid}/fd/${it}`).catch(() => '')))
      return targets.flatMap(it => listening.get(it) ?? [])
    }),
  )
  return [...new Set(open.flat())].toSorted((a, b) => a - b).map(String)
}
