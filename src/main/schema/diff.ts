/** SQL from one Prisma schema to another, written by the instance's own Prisma. */
import { chmod, chown, copyFile, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { baseEnvironment } from '../system/environment'
import type { Run, RunOptions } from '../system/run'

/** Milliseconds. Two seconds are usual; hundreds of models on a busy machine take longer. */
const timeout = 120_000

export interface Prisma {
  readonly run: Run
  /** A server folder with its packages: Prisma runs there. */
  readonly server: string
  /** The direct URL of a running database: Prisma connects to it even to compare two files. */
  readonly url: string
  /** Masked in output and errors. */
  readonly secrets: readonly string[]
  readonly user?: RunOptions['user']
  readonly signal: AbortSignal
}

/** SQL from one schema file to another; only comments if they are equal. @throws as `Run` */
export const diff = (prisma: Prisma, from: string, to: string): Promise<string> =>
  call(prisma, ['migrate', 'diff', '--from-schema-datamodel', from, '--to-schema-datamodel', to, '--script'])

/** Both ways. */
export async function diffs(
  prisma: Prisma,
  from: string,
  to: string,
): Promise<{ readonly forward: string; readonly backward: string }> {
  const [forward, backward] = await Promise.all([diff(prisma, from, to), diff(prisma, to, from)])
  return { forward, backward }
}

/** Rewrites a schema file to match the URL's database, keeping its generator, datasource and the models' own names. */
export async function pull(prisma: Prisma, file: string): Promise<void> {
  // with --print, the output would contain a block of warnings
  await call(prisma, ['db', 'pull', '--schema', file])
}

/** Copies of schema files, in a folder of the user that Prisma runs as. */
export interface Scratch {
  readonly from: string
  readonly to: string
  /** A copy of `from`, to be rewritten by `pull`. */
  readonly database: string
}

export async function withScratch<T>(
  { run, user }: Prisma,
  { from, to }: Pick<Scratch, 'from' | 'to'>,
  work: (files: Scratch) => Promise<T>,
): Promise<T> {
  const outer = await mkdtemp(join(tmpdir(), 'im-schema-'))
  const folder = join(outer, 'files')
  const at = (name: string): string => join(folder, `${name}.prisma`)
  const files = { from: at('from'), to: at('to'), database: at('database') }
  try {
    await chmod(outer, 0o711) // the user may fill the inner folder, but not replace it
    await mkdir(folder, 0o700)
    await Promise.all([copyFile(from, files.from), copyFile(to, files.to), copyFile(from, files.database)])
    if (user) for (const it of [...Object.values(files), folder]) await chown(it, user.uid, user.gid)
    return await work(files)
  } finally {
    await run('rm', ['-rf', '--one-file-system', '--', outer], { timeout }) // unlike our own code, rm follows no link
  }
}

const call = ({ run, server, url, secrets, user, signal }: Prisma, args: readonly string[]): Promise<string> =>
  run(join(server, 'node_modules/.bin/prisma'), args, {
    cwd: server,
    timeout,
    signal,
    secrets,
    user,
    env: { ...baseEnvironment(), DATABASE_URL: url, DIRECT_URL: url },
  })
