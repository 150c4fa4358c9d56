/**
 * A workspace's settings (`.instance-manager/settings.json`), all with defaults. The Settings screen, the command
 * `settings` and docs/settings.md are generated from this schema: a new setting is added here and nowhere else.
 */
import { z } from 'zod'
import { driverKinds, type DriverKind, type ServiceName } from './infrastructure'
import { portSchema } from './instance'
import { defaultPoolSize } from './limits'
import { maintenanceDays } from './maintenance'
import { nearest } from './nearest'
import { problem } from './problem'

interface SectionWords {
  readonly title: string
  readonly explanation: string
  /** The drivers it applies to; absent: all. */
  readonly drivers?: readonly DriverKind[]
}

interface SettingWords {
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

const sections = z.registry<SectionWords>()
const words = z.registry<SettingWords>()

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
  driver: z.enum(driverKinds).optional().register(words, {
    title: 'Driver',
    explanation: 'Runs PostgreSQL and PgBouncer. Chosen when the workspace is set up.',
    effect: 'If there are instances, changing it moves their databases.',
    elsewhere:
      'Change it under Infrastructure, or with “instance-manager init --driver KIND”; if there are instances, with “instance-manager infra move KIND”.',
  }),
  ports: z
    .strictObject({
      postgres: portSchema.default(15_432).register(words, {
        title: 'PostgreSQL',
        explanation: 'Instances connect to this port to change their schema.',
        effect: `${stopped} and no instance connects to it.`,
      }),
      pgbouncer: portSchema.default(16_432).register(words, {
        title: 'PgBouncer',
        explanation: 'Instances connect to this port for everything else.',
        effect: `${stopped} and no instance connects to it.`,
      }),
      firstInstance: portSchema.default(5000).register(words, {
        title: 'First instance',
        explanation: 'New instances get the first free port from here on.',
        effect: 'Applies to new instances. Existing ones keep their ports.',
      }),
    })
    .prefault({})
    .register(sections, {
      title: 'Ports',
      explanation: 'PostgreSQL and PgBouncer listen on 127.0.0.1: other machines can’t reach them.',
    }),
  access: z
    .strictObject({
      publicAddress: hostAddress.optional().register(words, {
        title: 'Public address',
        explanation: 'This machine’s host name or IP address, as users reach it. Guessed if not set.',
        effect: 'Takes effect at once.',
      }),
      browserTerminal: z.enum(['off', 'on'], 'Choose on or off.').default('off').register(words, {
        title: 'Terminals in browsers',
        explanation: 'Whether signed-in browsers may open terminals. A terminal can do anything that your user can.',
        effect: 'Takes effect at once. Turning it off ends open terminals. It can’t be changed from a browser.',
        local:
          'Change it in the desktop window, or run “instance-manager settings set access.browserTerminal on” on the machine.',
      }),
    })
    .prefault({})
    .register(sections, {
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
        .register(words, {
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
    .register(sections, {
      title: 'Node.js',
      explanation: 'What instances and their builds run on.',
    }),
  containers: z
    .strictObject({
      postgres: containerName.default('postgres').register(words, {
        title: 'PostgreSQL container',
        explanation: 'All databases are in the volume instance-manager-NAME.',
        effect: `${stopped} and there are no instances.`,
      }),
      pgbouncer: containerName.default('pgbouncer').register(words, {
        title: 'PgBouncer container',
        explanation: 'It holds no data.',
        effect: `${stopped}. The old container stays, stopped.`,
      }),
      postgresImage: image.default('docker.io/library/postgres:17-alpine').register(words, {
        title: 'PostgreSQL image',
        explanation:
          'Keep the major version. To move to a newer one, upgrade PostgreSQL (Infrastructure, or “infra upgrade IMAGE”).',
        effect: nextStart,
      }),
      pgbouncerImage: image.default('docker.io/edoburu/pgbouncer:v1.24.1-p1').register(words, {
        title: 'PgBouncer image',
        explanation: 'Containers created elsewhere keep their own image.',
        effect: nextStart,
      }),
    })
    .prefault({})
    .register(sections, {
      title: 'Containers',
      explanation: 'Only used with Podman and Docker.',
      drivers: ['podman', 'docker'],
    }),
  postgres: z
    .strictObject({
      /** By default 100 pools of 5, PgBouncer's look-ups, the engine's, and 190 for migrations and direct use. */
      maxConnections: wholeNumber(150, 5000)
        .default(800)
        .register(words, {
          title: 'Connections',
          explanation: 'How many connections PostgreSQL accepts in total. An idle one takes about 2 MB of memory.',
          // PgBouncer may have open only as many files as both numbers of connections require.
          ...ofService('max_connections', 'postgres', 'pgbouncer'),
        }),
      sharedBuffersMB: wholeNumber(16, 1_000_000)
        .default(128)
        .register(words, {
          title: 'Shared buffers',
          unit: 'MB',
          explanation: 'Memory for caching data that is read often.',
          ...ofService('shared_buffers', 'postgres'),
        }),
      workMemMB: wholeNumber(1, 10_000)
        .default(4)
        .register(words, {
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
        .register(words, {
          title: 'Pool size',
          explanation: 'How many queries an instance can run at the same time, unless it has a pool size of its own.',
          ...ofService('default_pool_size'),
        }),
      /** By default 100 instances with 2 × 19 cores + 1 each. */
      maxClients: wholeNumber(100, 50_000)
        .default(4000)
        .register(words, {
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
        .register(words, {
          title: 'Day',
          explanation: 'When the databases of all instances are maintained: never, daily, or on one day of the week.',
          effect: 'Takes effect at once.',
        }),
      hour: wholeNumber(0, 23).default(3).register(words, {
        title: 'Hour',
        explanation: 'The hour at which maintenance begins, in this machine’s time zone.',
        effect: 'Takes effect at once.',
      }),
    })
    .prefault({}),
  logs: z
    .strictObject({
      /** 1 MB is 2^20 bytes. */
      maxSizeMB: wholeNumber(1, 1_000_000).default(50).register(words, {
        title: 'Size limit',
        unit: 'MB',
        explanation: 'The older part of a larger log is compressed into an archive.',
        effect: 'Takes effect within a minute.',
      }),
      keep: wholeNumber(1, 1000).default(5).register(words, {
        title: 'Archives kept',
        unit: 'per log',
        explanation: 'When there are more, the oldest are deleted.',
        effect: 'Takes effect within a minute. Archives beyond a lower number are then deleted.',
      }),
    })
    .prefault({})
    .register(sections, {
      title: 'Log files',
      explanation: 'For every log. An instance has two; PostgreSQL and PgBouncer have one each.',
    }),
})
export type Settings = z.infer<typeof settingsSchema>

export type SettingValue = string | number

/** The description of one setting. */
export interface Setting extends SettingWords {
  /** Dotted, e.g. `ports.postgres`. */
  readonly key: string
  /** The first part of a dotted key. */
  readonly section?: string
  readonly numeric: boolean
  /** The values to choose from, unless anything can be typed. */
  readonly choices?: readonly string[]
  readonly schema: z.ZodType
}

export interface SettingsSection extends SectionWords {
  readonly name: string
  readonly settings: readonly Setting[]
}

/** Unwraps defaults and optionals. */
const inner = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? inner(schema.unwrap() as z.ZodType)
    : schema

function described(key: string, schema: z.ZodType, section?: string): Setting {
  const text = words.get(schema)
  if (!text) throw new Error(`The setting ${key} isn't described.`)
  const type = inner(schema)
  const choices = type instanceof z.ZodEnum ? type.options.map(String) : undefined
  return { ...text, key, section, schema, numeric: type instanceof z.ZodNumber, choices }
}

/** All settings, in schema order. */
export const allSettings: readonly Setting[] = Object.entries(settingsSchema.shape).flatMap(([name, schema]) => {
  const object = inner(schema)
  return object instanceof z.ZodObject
    ? Object.entries(object.shape).map(([key, field]) => described(`${name}.${key}`, field as z.ZodType, name))
    : [described(name, schema)]
})

/** The settings of a service's own configuration. */
export const serviceSettings = (service: ServiceName): readonly Setting[] =>
  allSettings.filter(it => it.section === service)

/** @throws Problem `setting-unknown` */
export function settingOf(key: string): Setting {
  const found = allSettings.find(it => it.key === key)
  if (found) return found
  const meant = nearest(
    key,
    allSettings.map(it => it.key),
  )
  throw problem({
    code: 'setting-unknown',
    message: `There is no setting “${key}”.`,
    hint: meant === undefined ? 'Run “instance-manager settings get” to list them.' : `Did you mean ${meant}?`,
  })
}

export const settingsSections: readonly SettingsSection[] = Object.entries(settingsSchema.shape).flatMap(
  ([name, schema]) => {
    const text = sections.get(schema)
    return text ? [{ ...text, name, settings: allSettings.filter(it => it.section === name) }] : []
  },
)

/** Converts typed text to a value. Invalid numbers stay text, for the schema to reject. */
export const valueOf = ({ numeric }: Setting, text: string): SettingValue =>
  numeric && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim()

/** Why the value is invalid; undefined if it is valid. */
export const invalid = ({ schema }: Setting, value: SettingValue): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message

/** Where a setting's value comes from: the workspace's file, the site's defaults, or ours. */
export type SettingOrigin = 'workspace' | 'site' | 'product'

/** A setting's current value. */
export interface SettingState {
  readonly key: string
  /** Absent if nothing has been chosen. */
  readonly value?: SettingValue
  readonly origin: SettingOrigin
  /** The value if the workspace didn't set one. */
  readonly fallback: { readonly value?: SettingValue; readonly origin: Exclude<SettingOrigin, 'workspace'> }
}

/** All settings from their states. @throws ZodError if another version's states lack one that has no default */
export const settingsOf = (states: readonly SettingState[]): Settings => {
  const found: Record<string, unknown> = {}
  for (const { key, value } of states) {
    const [section, name] = key.split('.') as [string, string?]
    if (name === undefined) found[section] = value
    else found[section] = { ...(found[section] as object | undefined), [name]: value }
  }
  return settingsSchema.parse(found)
}

/** By key; null resets to the default. */
export const settingChangesSchema = z.record(z.string().max(100), z.union([z.string().max(1000), z.number(), z.null()]))
export type SettingChanges = Readonly<z.infer<typeof settingChangesSchema>>
