/**
 * A workspace's settings (`.instance-manager/settings.json`), all with defaults. The Settings screen, the command
 * `settings` and docs/settings.md are generated from this schema: a new setting is added here and nowhere else.
 */
import { z } from 'zod'
import { driverKinds, type DriverKind, type ServiceName } from './infrastructure'
import { portSchema } from './instance'
import { defaultPoolSize } from './limits'
import { maintenanceDays } from './maintenance'

export interface SectionWords {
  readonly title: string
  readonly explanation: string
  /** The drivers it applies to; absent: all. */
  readonly drivers?: readonly DriverKind[]
}

export interface SettingWords {
  readonly title: string
  readonly explanation: string
  /** Shown after the value. */
  readonly unit?: string
  /** When a change takes effect, or when it is refused. */
  readonly effect: string
  /** Where to change it, if not on the Settings screen. */
  readonly elsewhere?: string
  /** Where to change it, if not in a browser: it limits what browsers may do. */
  readonly local?: string
  /** Of a service's own configuration: its name there, and the services that are restarted for a change. */
  readonly service?: { readonly name: string; readonly restarts: readonly ServiceName[] }
}

export const sectionWords = z.registry<SectionWords>()
export const settingWords = z.registry<SettingWords>()

const image = z.string().regex(/^[a-z0-9][\w./:@-]*$/, 'Not a valid image name.')
const hostAddress = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.:-]{0,252}$/, 'Enter a host name or an IP address.')
const containerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'Not a valid container name.')
const wholeNumber = (from: number, to: number) => {
  const message = `Enter a whole number from ${from} to ${to.toLocaleString('en')}.`
  return z.int(message).min(from, message).max(to, message)
}

const stopped = 'Can be changed while the infrastructure is stopped'
const byJob = 'Change it under Infrastructure, or with “instance-manager infra set”.'
const ofService = (name: string, ...restarts: readonly ServiceName[]) => ({
  elsewhere: byJob,
  effect: restarts.length > 0 ? 'A change restarts the service.' : 'A change takes effect at once.',
  service: { name, restarts },
})
const nextStart = 'Takes effect when the infrastructure is restarted.'

/** Strict: a misspelt key is reported, not ignored. */
export const settingsSchema = z.strictObject({
  driver: z.enum(driverKinds).optional().register(settingWords, {
    title: 'Driver',
    explanation: 'Runs PostgreSQL and PgBouncer. Chosen when the workspace is set up.',
    effect: 'If there are instances, changing it moves their databases.',
    elsewhere:
      'Change it under Infrastructure, or with “instance-manager init --driver KIND”; if there are instances, with “instance-manager infra move KIND”.',
  }),
  ports: z
    .strictObject({
      postgres: portSchema.default(15_432).register(settingWords, {
        title: 'PostgreSQL',
        explanation: 'Instances connect to this port to change their schema.',
        effect: `${stopped} and no instance connects to it.`,
      }),
      pgbouncer: portSchema.default(16_432).register(settingWords, {
        title: 'PgBouncer',
        explanation: 'Instances connect to this port for everything else.',
        effect: `${stopped} and no instance connects to it.`,
      }),
      firstInstance: portSchema.default(5000).register(settingWords, {
        title: 'First instance',
        explanation: 'New instances get the first free port from here on.',
        effect: 'Applies to new instances. Existing ones keep their ports.',
      }),
    })
    .prefault({})
    .register(sectionWords, {
      title: 'Ports',
      explanation: 'PostgreSQL and PgBouncer listen on 127.0.0.1: other machines can’t reach them.',
    }),
  access: z
    .strictObject({
      publicAddress: hostAddress.optional().register(settingWords, {
        title: 'Public address',
        explanation: 'This machine’s host name or IP address, as users reach it. Guessed if not set.',
        effect: 'Takes effect at once.',
      }),
      browserTerminal: z.enum(['off', 'on'], 'Choose on or off.').default('off').register(settingWords, {
        title: 'Terminals in browsers',
        explanation: 'Whether signed-in browsers may open terminals. A terminal can do anything that your user can.',
        effect: 'Takes effect at once. Turning it off ends open terminals. It can’t be changed from a browser.',
        local:
          'Change it in the desktop window, or run “instance-manager settings set access.browserTerminal on” on the machine.',
      }),
    })
    .prefault({})
    .register(sectionWords, {
      title: 'Remote access',
      explanation: 'How other machines reach this one, and what browsers may do.',
    }),
  node: z
    .strictObject({
      path: z
        .string()
        .max(500)
        .regex(/^\/[^:\p{Cc}]+$/u, 'Enter an absolute path, without “:”.')
        .optional()
        .register(settingWords, {
          title: 'Program',
          explanation:
            'For example /usr/bin/node. If not set, the first on your PATH that the application accepts (“engines” in its server’s package.json).',
          effect:
            'Takes effect when the workspace is opened again; for an instance, at its next restart. After a change of the major version, rebuild the instances.',
          local:
            'Change it in the desktop window, or run “instance-manager settings set node.path PATH” on the machine.',
        }),
    })
    .prefault({})
    .register(sectionWords, {
      title: 'Node.js',
      explanation: 'What instances and their builds run on.',
    }),
  containers: z
    .strictObject({
      postgres: containerName.default('postgres').register(settingWords, {
        title: 'PostgreSQL container',
        explanation: 'All databases are in the volume instance-manager-NAME.',
        effect: `${stopped} and there are no instances.`,
      }),
      pgbouncer: containerName.default('pgbouncer').register(settingWords, {
        title: 'PgBouncer container',
        explanation: 'It holds no data.',
        effect: `${stopped}. The old container stays, stopped.`,
      }),
      postgresImage: image.default('docker.io/library/postgres:17-alpine').register(settingWords, {
        title: 'PostgreSQL image',
        explanation:
          'Keep the major version. To move to a newer one, upgrade PostgreSQL (Infrastructure, or “infra upgrade IMAGE”).',
        effect: nextStart,
      }),
      pgbouncerImage: image.default('docker.io/edoburu/pgbouncer:v1.24.1-p1').register(settingWords, {
        title: 'PgBouncer image',
        explanation: 'Containers created elsewhere keep their own image.',
        effect: nextStart,
      }),
    })
    .prefault({})
    .register(sectionWords, {
      title: 'Containers',
      explanation: 'Only used with Podman and Docker.',
      drivers: ['podman', 'docker'],
    }),
  postgres: z
    .strictObject({
      /** By default 100 pools of 5, PgBouncer's look-ups, the engine's, and 190 for migrations and direct use. */
      maxConnections: wholeNumber(150, 5000)
        .default(800)
        .register(settingWords, {
          title: 'Connections',
          explanation: 'How many connections PostgreSQL accepts in total. An idle one takes about 2 MB of memory.',
          // PgBouncer may have open only as many files as both numbers of connections require.
          ...ofService('max_connections', 'postgres', 'pgbouncer'),
        }),
      sharedBuffersMB: wholeNumber(16, 1_000_000)
        .default(128)
        .register(settingWords, {
          title: 'Shared buffers',
          unit: 'MB',
          explanation: 'Memory for caching data that is read often.',
          ...ofService('shared_buffers', 'postgres'),
        }),
      workMemMB: wholeNumber(1, 10_000)
        .default(4)
        .register(settingWords, {
          title: 'Memory per sort',
          unit: 'MB',
          explanation:
            'How much memory one sort may use before it writes temporary files. A query can have several sorts.',
          ...ofService('work_mem'),
        }),
    })
    .prefault({}),
  pgbouncer: z
    .strictObject({
      /** At most so many that an instance's connections always suffice for it (`roleConnections`). */
      poolSize: wholeNumber(1, 25)
        .default(defaultPoolSize)
        .register(settingWords, {
          title: 'Pool size',
          explanation: 'How many queries an instance can run at the same time, unless it has a pool size of its own.',
          ...ofService('default_pool_size'),
        }),
      /** By default 100 instances with 2 × 19 cores + 1 each. */
      maxClients: wholeNumber(100, 50_000)
        .default(4000)
        .register(settingWords, {
          title: 'Clients',
          explanation: 'How many connections PgBouncer accepts from all instances together.',
          ...ofService('max_client_conn', 'pgbouncer'),
        }),
    })
    .prefault({}),
  maintenance: z
    .strictObject({
      day: z
        .enum(maintenanceDays, `Choose one of ${maintenanceDays.join(', ')}.`)
        .default('sunday')
        .register(settingWords, {
          title: 'Day',
          explanation: 'When the databases of all instances are maintained: never, daily, or on one day of the week.',
          effect: 'Takes effect at once.',
        }),
      hour: wholeNumber(0, 23).default(3).register(settingWords, {
        title: 'Hour',
        explanation: 'The hour at which maintenance begins, in this machine’s time zone.',
        effect: 'Takes effect at once.',
      }),
    })
    .prefault({}),
  logs: z
    .strictObject({
      /** 1 MB is 2^20 bytes. */
      maxSizeMB: wholeNumber(1, 1_000_000).default(50).register(settingWords, {
        title: 'Size limit',
        unit: 'MB',
        explanation: 'The older part of a larger log is compressed into an archive.',
        effect: 'Takes effect within a minute.',
      }),
      keep: wholeNumber(1, 1000).default(5).register(settingWords, {
        title: 'Archives kept',
        unit: 'per log',
        explanation: 'When there are more, the oldest are deleted.',
        effect: 'Takes effect within a minute. Archives beyond a lower number are then deleted.',
      }),
    })
    .prefault({})
    .register(sectionWords, {
      title: 'Log files',
      explanation: 'For every log. An instance has two; PostgreSQL and PgBouncer have one each.',
    }),
})
export type Settings = z.infer<typeof settingsSchema>
