/** A change of settings never cuts an instance off its database. */
import { expect, test } from 'vitest'
import type { DriverKind, ServiceState } from '../../../src/shared/infrastructure'
import { problem } from '../../../src/shared/problem'
import { settingsSchema, type Settings } from '../../../src/shared/settings'
import { guardInfrastructure, type ConnectedInstance } from '../../../src/main/infrastructure/settings-guard'

interface World {
  kind?: DriverKind
  postgres?: ServiceState
  pgbouncer?: ServiceState
  code?: string
  wanted?: boolean
  busy?: boolean
  instances?: readonly ConnectedInstance[]
}

function guard({ kind = 'podman', postgres = 'stopped', pgbouncer = 'stopped', ...world }: World) {
  return guardInfrastructure({
    infrastructure: {
      kind: () => Promise.resolve(kind),
      wanted: { has: () => Promise.resolve(world.wanted === true) },
      requireIdle: () => {
        if (world.busy) throw problem({ code: 'infrastructure-busy', message: 'busy' })
      },
      found: () =>
        Promise.resolve({
          services: {
            postgres: {
              name: 'postgres',
              state: postgres,
              port: 1,
              ...(world.code !== undefined && { problem: { code: world.code, message: '' } }),
            },
            pgbouncer: { name: 'pgbouncer', state: pgbouncer, port: 1 },
          },
          warnings: [],
        }),
    },
    instances: () => Promise.resolve(world.instances ?? []),
  })
}

const school = { name: 'school', port: 5000, database: { port: 16_432, directPort: 15_432 } }
const unpooled = { name: 'direct', port: 5001, database: { port: 15_432, directPort: 15_432 } }
const before = settingsSchema.parse({})
const ports = (change: Partial<Settings['ports']>): Settings => ({ ...before, ports: { ...before.ports, ...change } })
const containers = (change: Partial<Settings['containers']>): Settings => ({
  ...before,
  containers: { ...before.containers, ...change },
})

test.each<[string, Settings, World]>([
  ['nothing that the infrastructure has', { ...before, logs: { keep: 1, maxSizeMB: 1 } }, { postgres: 'running' }],
  ['images', containers({ postgresImage: 'mine' }), { postgres: 'running', instances: [school], busy: true }],
  ['the first port', ports({ firstInstance: 7000 }), { postgres: 'running', instances: [school], busy: true }],
  ['ports while all is stopped', ports({ postgres: 3000, pgbouncer: 3001 }), {}],
  ['names while all is stopped', containers({ postgres: 'a', pgbouncer: 'b' }), {}],
  ['PgBouncer’s name with instances', containers({ pgbouncer: 'b' }), { instances: [school] }],
  ['names that the driver has no use for', containers({ postgres: 'a' }), { kind: 'embedded', postgres: 'running' }],
  [
    'PgBouncer’s port where instances connect to PostgreSQL',
    ports({ pgbouncer: 3001 }),
    { pgbouncer: 'absent', instances: [unpooled] },
  ],
  [
    'the port to the one that instances know already',
    ports({ postgres: 3000 }),
    { instances: [{ ...school, database: { port: 16_432, directPort: 3000 } }] },
  ],
  [
    'the name of a container that is another workspace’s',
    containers({ postgres: 'a' }),
    { postgres: 'failed', code: 'container-of-another-workspace', instances: [school] },
  ],
  ['the port to the container’s', ports({ postgres: 3000 }), { postgres: 'failed', code: 'container-port' }],
])('allows %s', async (_, after, world) => {
  await expect(guard(world)(before, after)).resolves.toBeUndefined()
})

const needed = (field: string) => ({ code: 'setting-needed', field })
const running = (field: string) => ({ code: 'setting-while-running', field })

test.each<[string, Settings, World, object]>([
  ['a port while it runs', ports({ postgres: 3000 }), { postgres: 'running' }, running('ports.postgres')],
  [
    'PgBouncer’s while only PostgreSQL runs',
    ports({ pgbouncer: 3 }),
    { postgres: 'starting' },
    running('ports.pgbouncer'),
  ],
  ['what is about to be started again', ports({ postgres: 3000 }), { wanted: true }, running('ports.postgres')],
  [
    'a name while it runs',
    containers({ pgbouncer: 'b' }),
    { pgbouncer: 'not-adopted' },
    running('containers.pgbouncer'),
  ],
  ['PostgreSQL’s port', ports({ postgres: 3000 }), { instances: [school] }, needed('ports.postgres')],
  ['PgBouncer’s port', ports({ pgbouncer: 3000 }), { instances: [school] }, needed('ports.pgbouncer')],
  [
    'the port of an instance without a pool',
    ports({ postgres: 3 }),
    { instances: [unpooled] },
    needed('ports.postgres'),
  ],
  [
    'a port with an unreadable instance',
    ports({ postgres: 3 }),
    { instances: [{ name: 'x' }] },
    needed('ports.postgres'),
  ],
  [
    'the container with the databases',
    containers({ postgres: 'a' }),
    { instances: [school] },
    needed('containers.postgres'),
  ],
  [
    'an absent container: its volume has the databases',
    containers({ postgres: 'a' }),
    { postgres: 'absent', instances: [school] },
    needed('containers.postgres'),
  ],
  ['one port for both', ports({ postgres: 16_432 }), {}, { code: 'input', field: 'ports.postgres' }],
  ['one name for both', containers({ pgbouncer: 'postgres' }), {}, { code: 'input', field: 'containers.pgbouncer' }],
  [
    'an instance’s port',
    ports({ postgres: 5000 }),
    { instances: [{ ...school, database: undefined }] },
    { code: 'input', message: '“school” already has port 5000.' },
  ],
  ['anything while an operation needs it', ports({ postgres: 3000 }), { busy: true }, { code: 'infrastructure-busy' }],
])('refuses %s', async (_, after, world, refusal) => {
  await expect(guard(world)(before, after)).rejects.toMatchObject({ problem: refusal })
})

test('instances are named, a few of many', async () => {
  const instances = Array.from({ length: 9 }, (_, index) => ({ ...school, name: `s${index}` }))
  await expect(guard({ instances })(before, ports({ postgres: 3000 }))).rejects.toMatchObject({
    problem: { cause: 'They connect to port 15432: “s0”, “s1”, “s2”, “s3” and 5 more.' },
  })
})
