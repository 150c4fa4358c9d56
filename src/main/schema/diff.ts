/** SQL from one Prisma schema to another, written by the instance's own Prisma. */
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { baseEnvironment } from '../system/environment'
import type { Run, RunOptions } from '../system/run'

/** Milliseconds; two seconds are usual, hundreds of models on a busy machine take longer. */
const timeout = 120_000

export interface Prisma {
  readonly run: Run
  /** A server folder with its packages: Prisma runs there. */
  readonly server: string
  /** The direct URL of a database that answers: Prisma connects to it, even to compare two files. */
  readonly url: string
  /** Masked in output and errors. */
  readonly secrets: readonly string[]
  readonly user?: RunOptions['user']
  readonly signal: AbortSignal
}

/** Both ways between two schema files. Comments alone where they are equal. @throws as `Run` */
export async function schemaDiff(
  prisma: Prisma,
  from: string,
  to: string,
): Promise<{ readonly forward: string; readonly backward: string }> {
  return { forward: await diff(prisma, from, to), backward: await diff(prisma, to, from) }
}

/** SQL that would bring the database of the URL to the schema file: none if it has not drifted from it. */
export async function drift(prisma: Prisma, schema: string): Promise<string> {
  return await withPulled(prisma, schema, pulled => diff(prisma, pulled, schema))
}

/**
 * Both ways between the database of the URL and a schema file. For a database in which tables or columns were just
 * renamed: what is left to do is written in the new names, those of indexes included.
 * @param like a schema file from which generator, datasource and the models' own names are taken
 */
export async function diffFromDatabase(
  prisma: Prisma,
  like: string,
  to: string,
): Promise<{ readonly forward: string; readonly backward: string }> {
  return await withPulled(prisma, like, pulled => schemaDiff(prisma, pulled, to))
}

async function withPulled<T>(prisma: Prisma, like: string, work: (pulled: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'im-schema-'))
  try {
    const pulled = join(folder, 'schema.prisma')
    await copyFile(like, pulled)
    // with --print a block of warnings would be mixed into it
    await call(prisma, ['db', 'pull', '--schema', pulled])
    return await work(pulled)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const diff = (prisma: Prisma, from: string, to: string): Promise<string> =>
  call(prisma, ['migrate', 'diff', '--from-schema-datamodel', from, '--to-schema-datamodel', to, '--script'])

const call = ({ run, server, url, secrets, user, signal }: Prisma, args: readonly string[]): Promise<string> =>
  run(join(server, 'node_modules/.bin/prisma'), args, {
    cwd: server,
    timeout,
    signal,
    secrets,
    user,
    env: { ...baseEnvironment(), DATABASE_URL: url, DIRECT_URL: url },
  })
