/** PgBouncer from the system's package as a daemon of the user. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makePrivateFolder, readIfExists, writeFileAtomic } from '../../system/files'
import type { Run } from '../../system/run'
import { poolerFiles } from '../limits'
import { findProgram, poolerMissing, withFiles } from '../programs'
import { ensurePassword } from '../secrets'
import { parsePoolerVersion, poolerIni, poolerPools, poolerUsers, poolsFile } from './pgbouncer-config'
import { postgres } from './postgres'
import type { RunningDaemon, DaemonPlace, DaemonRecipe } from './service'

const pidFile = 'pgbouncer.pid'
const ini = 'pgbouncer.ini'
const log = 'pgbouncer.log'

export const pgbouncerDaemon: DaemonRecipe = {
  program: 'pgbouncer',
  pidFile,
  created: ini,
  log,
  hasChildren: false,
  socket: port => `.s.PGSQL.${port}`,
  missing: async () => ((await findProgram('pgbouncer')) ? undefined : poolerMissing().problem),
  provision: async daemon => {
    await makePrivateFolder(daemon.folder)
    const password = await ensurePassword(daemon.secrets, 'infrastructure.pgbouncer_auth')
    await writeFileAtomic(join(daemon.folder, 'userlist.txt'), poolerUsers(password), 0o600)
    await writeFileAtomic(
      join(daemon.folder, poolsFile),
      poolerPools({ postgres: await behind(daemon), settings: daemon.settings }, await daemon.pools()),
      0o600,
    )
    await writeFileAtomic(join(daemon.folder, ini), await configuration(daemon), 0o600)
  },
  provisioned: async place => (await readIfExists(join(place.folder, ini))) === (await configuration(place)),
  launch: async (daemon: RunningDaemon) => {
    const program = await findProgram('pgbouncer')
    if (!program) throw poolerMissing()
    const [file, args] = withFiles(poolerFiles(daemon.settings), program, ['-q', '-d', join(daemon.folder, ini)])
    await daemon.command(file, args, 10_000, daemon.folder)
  },
}

/** Relative to its folder: a socket's path can have at most 107 bytes. */
const sockets = '/proc/self/cwd/../sockets'

/** A PostgreSQL started by an earlier version is reached over TCP until both are restarted. */
const behind = async ({ settings: { ports }, serverOf }: DaemonPlace) => ({
  host: (await serverOf(postgres)).sockets ? sockets : '127.0.0.1',
  port: ports.postgres,
})

async function configuration(place: DaemonPlace): Promise<string> {
  const { folder, settings, run } = place
  return poolerIni({
    postgres: await behind(place),
    settings,
    listen: { address: '127.0.0.1', port: settings.ports.pgbouncer, sockets },
    folder,
    version: await installedVersion(run),
    daemon: { log: join(folder, log), pidFile: join(folder, pidFile) },
  })
}

/** Versions by installation, each looked up once. */
const versions = new Map<string, Promise<string>>()

async function installedVersion(run: Run): Promise<string | undefined> {
  const program = await findProgram('pgbouncer')
  if (!program) return undefined
  const installation = `${program} ${(await stat(program)).mtimeMs}`
  const answer = versions.get(installation) ?? run(program, ['--version'], { timeout: 5000 }).catch(() => '')
  versions.set(installation, answer)
  return parsePoolerVersion(await answer)
}
