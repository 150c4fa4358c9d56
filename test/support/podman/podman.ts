/** Podman for tests: images made from Debian's packages, so that no registry is needed. Installs nothing. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

export interface TestPodman {
  readonly images: { readonly postgres: string; readonly pgbouncer: string }
  /** To be in `process.env` of whoever calls podman; `podmanForTests` has put it into this process's. */
  readonly env: { readonly CONTAINERS_CONF: string }
}

const folder = fileURLToPath(new URL('.', import.meta.url))
const sources = ['build-images.sh', 'postgres-entrypoint.sh', 'pgbouncer-entrypoint.sh']
/** A minute of debootstrap, five on a busy machine, and another test process that does the same first. Milliseconds. */
const buildLimit = 900_000

/** Makes the images at the first call on a machine (about a minute), or says what is missing. */
export async function podmanForTests(): Promise<TestPodman | { readonly missing: string }> {
  const env = { CONTAINERS_CONF: process.env['CONTAINERS_CONF'] ?? join(folder, 'containers.conf') }
  const podman = await execa('podman', ['info'], { env, reject: false, timeout: 20_000, input: '' })
  if (podman.code === 'ENOENT') return { missing: 'podman is not installed (apt-get install podman runc debootstrap)' }
  if (podman.failed) return { missing: `podman does not work: ${podman.stderr.trim().split('\n').at(-1) ?? ''}` }
  if (process.getuid?.() !== 0) return { missing: 'the test images are made by debootstrap, which needs root' }
  for (const program of ['runc', 'debootstrap']) {
    if ((await execa(program, ['--version'], { reject: false })).code === 'ENOENT')
      return { missing: `${program} is not installed (apt-get install ${program})` }
  }
  const hash = createHash('sha256')
  for (const source of sources) hash.update(await readFile(join(folder, source)))
  const key = hash.digest('hex').slice(0, 12)
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'instance-manager', 'podman')
  await mkdir(cache, { recursive: true })
  const images = {
    postgres: `localhost/instance-manager-test/postgres:${key}`,
    pgbouncer: `localhost/instance-manager-test/pgbouncer:${key}`,
  }
  // One process at a time makes them; the others find them made.
  await execa(
    'flock',
    [
      join(cache, 'lock'),
      join(folder, 'build-images.sh'),
      images.postgres,
      images.pgbouncer,
      join(cache, `${key}.tar`),
    ],
    { env, timeout: buildLimit },
  )
  Object.assign(process.env, env)
  return { images, env }
}
