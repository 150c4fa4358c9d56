/** Containers as the replaced tool's guide sets them up: any password works on PostgreSQL's port. */
import { execa } from 'execa'
import type { Settings } from '../../src/shared/settings'
import { until } from './workspace'

interface Images {
  readonly postgres: string
  readonly pgbouncer: string
}

export class GuideContainers {
  readonly #engine: 'podman' | 'docker'
  readonly #images: Images
  readonly #settings: Pick<Settings, 'containers' | 'ports'>

  constructor(engine: 'podman' | 'docker', images: Images, settings: Pick<Settings, 'containers' | 'ports'>) {
    this.#engine = engine
    this.#images = images
    this.#settings = settings
  }

  async command(args: readonly string[], input = ''): Promise<string> {
    return (await execa(this.#engine, args, { input })).stdout
  }

  /** As the container's superuser. */
  psql(sql: string): Promise<string> {
    const { postgres } = this.#settings.containers
    return this.command(['exec', '-i', postgres, 'psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres'], sql)
  }

  async run(): Promise<void> {
    const { containers, ports } = this.#settings
    await this.command(['network', 'create', this.#network])
    await this.#start(containers.postgres, ports.postgres, this.#images.postgres, {
      POSTGRES_PASSWORD: 'password',
      POSTGRES_HOST_AUTH_METHOD: 'trust',
    })
    // not on the socket: the image's own set-up listens there first
    const ready = ['exec', containers.postgres, 'pg_isready', '-q', '-h', '127.0.0.1']
    await until(() =>
      this.command(ready).then(
        () => true,
        () => false,
      ),
    )
    await this.runPooler()
  }

  /** With `auth_type = md5`, the superuser as `auth_user`, and every database. In place of the present one, if any. */
  async runPooler(...options: readonly string[]): Promise<void> {
    const { containers, ports } = this.#settings
    await this.discard(containers.pgbouncer).catch(() => undefined) // an older Docker fails if there is none
    const env = { DATABASE_URL: `postgres://postgres:password@${containers.postgres}:5432/*` }
    await this.#start(containers.pgbouncer, ports.pgbouncer, this.#images.pgbouncer, env, options)
  }

  /** Removes it at once. */
  async discard(container: string): Promise<void> {
    await this.command(['rm', '--force', ...(this.#engine === 'podman' ? ['--time', '0'] : []), container])
  }

  /** The file's content, inside PostgreSQL's container. */
  async file(setting: 'hba_file' | 'ident_file'): Promise<string> {
    const path = (await this.psql(`SHOW ${setting}`)).trim()
    return await this.command(['exec', this.#settings.containers.postgres, 'cat', path])
  }

  /** Makes them what they were before hardening: PgBouncer anew, PostgreSQL's rules, its open databases. */
  async soften(rules: string, map: string, databases: readonly string[]): Promise<void> {
    const { containers } = this.#settings
    for (const [setting, content] of [
      ['hba_file', rules],
      ['ident_file', map],
    ] as const) {
      const path = (await this.psql(`SHOW ${setting}`)).trim()
      await this.command(['exec', '-i', containers.postgres, 'sh', '-c', 'cat > "$1"', 'sh', path], content)
    }
    await this.psql('SELECT pg_reload_conf()')
    for (const it of databases) await this.psql(`GRANT CONNECT, TEMPORARY ON DATABASE ${it} TO PUBLIC`)
    await this.runPooler()
  }

  /** With their network and the volumes that only they have. */
  async remove(): Promise<void> {
    const { postgres, pgbouncer } = this.#settings.containers
    const atOnce = this.#engine === 'podman' ? ['--time', '0'] : []
    await this.command(['rm', '--force', '--volumes', ...atOnce, pgbouncer, postgres])
    await this.command(['network', 'rm', this.#network])
  }

  /** On all addresses, as there. */
  async #start(
    name: string,
    port: number,
    image: string,
    env: Readonly<Record<string, string>>,
    more: readonly string[] = [],
  ): Promise<void> {
    const options = ['-d', '--name', name, '--network', this.#network, '-p', `${port}:5432`, ...more]
    const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
    await this.command(['run', ...options, ...variables, image])
  }

  get #network(): string {
    return `instance-manager-${this.#settings.containers.postgres}`
  }
}
