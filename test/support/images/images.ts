/** The two test images, for any container engine: made from Debian's packages, so that no registry is needed. */
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

export interface Images {
  readonly postgres: string
  readonly pgbouncer: string
}

export interface ImageRoot {
  /** Their file system, a tar file; both have the same. */
  readonly tar: string
  /** Names that change with their content. */
  readonly images: Images
}

/** What turns the file system into each image: arguments of `import --change`. */
const changes: Readonly<Record<keyof Images, readonly string[]>> = {
  postgres: [
    'ENV PGDATA=/var/lib/postgresql/data',
    'VOLUME /var/lib/postgresql/data',
    'STOPSIGNAL SIGINT',
    'ENTRYPOINT ["postgres-entrypoint.sh"]',
    'CMD ["postgres"]',
  ],
  pgbouncer: [
    'USER postgres',
    'ENTRYPOINT ["pgbouncer-entrypoint.sh"]',
    'CMD ["/usr/sbin/pgbouncer", "/etc/pgbouncer/pgbouncer.ini"]',
  ],
}
const common = ['EXPOSE 5432', 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']

const folder = fileURLToPath(new URL('.', import.meta.url))
const sources = ['build-root.sh', 'postgres-entrypoint.sh', 'pgbouncer-entrypoint.sh']
/** A minute of debootstrap, five on a busy machine, and another test process that does the same first. Milliseconds. */
const buildLimit = 900_000

/** The releases of Debian that have these major versions of PostgreSQL. */
const suites = { 15: 'bookworm', 17: 'trixie' } as const
export type Major = keyof typeof suites

/** Makes the file system at the first call on a machine (about a minute), or says what is missing. */
export async function imageRoot(major: Major = 15): Promise<ImageRoot | { readonly missing: string }> {
  if (process.getuid?.() !== 0) return { missing: 'the test images are made by debootstrap, which needs root' }
  if ((await execa('debootstrap', ['--version'], { reject: false })).code === 'ENOENT')
    return { missing: 'debootstrap is not installed (apt-get install debootstrap)' }
  const hash = createHash('sha256').update(JSON.stringify([changes, common]))
  for (const source of sources) hash.update(await readFile(join(folder, source)))
  const key = hash.update(String(major)).digest('hex').slice(0, 12)
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'instance-manager', 'images')
  await mkdir(cache, { recursive: true })
  const tar = join(cache, `${key}.tar`)
  // One process at a time makes it; the others find it made.
  await execa('flock', [join(cache, 'lock'), join(folder, 'build-root.sh'), tar, suites[major], String(major)], {
    timeout: buildLimit,
  })
  const name = (service: keyof Images): string => `localhost/instance-manager-test/${service}:${key}`
  return { tar, images: { postgres: name('postgres'), pgbouncer: name('pgbouncer') } }
}

/** Imports those images that the engine doesn't have yet. One process at a time imports each. */
export async function importImages(engine: 'podman' | 'docker', { tar, images }: ImageRoot): Promise<void> {
  const script = '"$1" image inspect "$2" >/dev/null 2>&1 || "$1" import "${@:4}" "$3" "$2"'
  const imports = (Object.keys(changes) as (keyof Images)[]).map(async service => {
    // Docker's import can't set the signal; our containers are created with it.
    const known = [...changes[service], ...common].filter(it => engine === 'podman' || !it.startsWith('STOPSIGNAL'))
    const all = known.flatMap(it => ['--change', it])
    await execa(
      'flock',
      [`${tar}.${engine}-${service}.lock`, 'bash', '-c', script, 'bash', engine, images[service], tar, ...all],
      { timeout: buildLimit, input: '' },
    )
  })
  await Promise.all(imports)
}
