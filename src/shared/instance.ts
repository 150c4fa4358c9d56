/** Instances: validation rules, file formats (with the guide's exact keys), and the views that screens show. */
import { z } from 'zod'
import { loopback } from './address'
import type { EnvFile } from './environment'
import { labelsSchema, notesSchema, tagsSchema } from './labels'
import { ownLimitsSchema, type InstanceLimits } from './limits'
import type { OutdatedPm2 } from './outdated-pm2'
import type { Problem } from './problem'
import { runs, type InstanceStatus } from './status'
import { bootSecondsSchema } from './workspace'

/** Valid names. A name becomes a folder, a database, a role and a PM2 process. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/
export const nameSchema = z
  .string()
  .min(1, 'Enter a name.')
  .max(40, 'At most 40 characters.')
  .regex(namePattern, 'Use letters, digits, hyphens and underscores, starting with a letter or digit.')

/** Ports below 1024 need root; the guide avoids them. */
export const minPort = 1024
export const maxPort = 65_535
export const portSchema = z
  .int('Enter a whole number.')
  .min(minPort, `At least ${minPort}.`)
  .max(maxPort, `At most ${maxPort}.`)

/** Names of an instance's database and role; unique because instance names are unique regardless of case. */
export const databaseNames = (name: string): { database: string; role: string } => ({
  database: `${name.toLowerCase()}_db`,
  role: `${name.toLowerCase()}_user`,
})

const line = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]*$/u, 'No control characters.')
export const directorSchema = z.object({
  name: line.min(1, 'Enter the director’s name.').max(100, 'At most 100 characters.'),
  email: z
    .email({ error: it => (it.input === '' ? 'Enter an email address.' : 'Not a valid email address.') })
    .max(254, 'At most 254 characters.'),
  /** bcrypt silently ignores everything after 72 bytes. */
  password: z
    .string()
    .min(10, 'At least 10 characters.')
    .refine(it => new TextEncoder().encode(it).length <= 72, 'At most 72 bytes.')
    .refine(it => !it.includes('\0'), 'No NUL characters.'),
})
export type Director = z.infer<typeof directorSchema>

/**
 * Values for an instance's HOST: all of the machine's addresses (the guide's default), or loopback only (behind a
 * reverse proxy).
 */
export const hosts = ['0.0.0.0', loopback] as const
export type InstanceHost = (typeof hosts)[number]

export const createInputSchema = z.object({
  name: nameSchema,
  port: z.union([z.literal('auto'), portSchema]),
  /** Use the port even if another instance or process has it. Only one of them can run at a time. */
  allowSharedPort: z.boolean().default(false),
  director: directorSchema,
  /** `base`: use the base application's; tokens are then valid on every instance that shares it. */
  jwtSecret: z.enum(['generate', 'base']).default('generate'),
  /** Absent: the base application's if the manifest copies HOST, otherwise the guide's. */
  host: z.enum(hosts).optional(),
  /** Run it as its own system user. Requires root. */
  systemUser: z.boolean().default(false),
  /**
   * `install`: use `npm install`, for a base application whose lock files are out of date. Ignored if the release is
   * already prepared.
   */
  install: z.enum(['ci', 'install']).default('ci'),
})
export type CreateInput = z.infer<typeof createInputSchema>

/** The columns of a CSV file with instances to create; `port` and `password` may be missing or empty. */
export const creationColumns = ['name', 'port', 'director', 'email', 'password'] as const
export type CreationColumn = (typeof creationColumns)[number]

/** Turns a copied folder into an independent instance. Its database starts empty, so it gets a director. */
export const adoptInputSchema = z.object({
  name: nameSchema,
  /** The new name. Absent: the folder's name if PostgreSQL and PM2 have none like it, otherwise one is chosen. */
  as: nameSchema.optional(),
  director: directorSchema,
})
export type AdoptInput = z.infer<typeof adoptInputSchema>

/** An operator's tags and notes for an instance. What isn't given stays as it is. */
export const labelsInputSchema = z.object({
  name: nameSchema,
  tags: tagsSchema.optional(),
  notes: notesSchema.optional(),
  favourite: z.boolean().optional(),
  protected: z.boolean().optional(),
})

/** db-config.json, with the guide's keys. Unknown keys are kept. */
export const databaseConfigSchema = z.looseObject({
  name: z.string(),
  user: z.string(),
  password: z.string(),
  host: z.string(),
  port: z.int(),
  directPort: z.int(),
  url: z.string(),
  directUrl: z.string(),
})
export type DatabaseConfig = z.infer<typeof databaseConfigSchema>

/** A file's owner and permissions (0 to 0o777). */
const ownerSchema = z.object({ uid: z.int().min(0), gid: z.int().min(0), mode: z.int().min(0).max(0o777) })
export type Owner = Readonly<z.infer<typeof ownerSchema>>
/** Keyed by path inside the instance's folder; `.` is the folder itself. */
export const ownersSchema = z.record(z.string(), ownerSchema)
export type Owners = Readonly<z.infer<typeof ownersSchema>>

/** config.json, with the guide's keys. Unknown keys are kept. */
export const instanceConfigSchema = z.looseObject({
  name: nameSchema,
  port: z.int().min(1).max(maxPort),
  database: databaseConfigSchema,
  paths: z.looseObject({ instance: z.string(), server: z.string(), client: z.string(), uploads: z.string() }),
  created: z.string(),
  /** Ours, not the guide's: overrides the manifest's `server.bootSeconds`. */
  bootSeconds: bootSecondsSchema.optional(),
  /** Ours: the fingerprint of the release that its files came from. Absent in instances created by the earlier CLI. */
  release: z.string().optional(),
  /** Ours: the code that it had before its last rebuild is kept beside it, and of which release that was. */
  previous: z
    .looseObject({
      release: z.string().optional(),
      replaced: z.iso.datetime(),
      schemaBehind: z.boolean().optional(),
    })
    .optional(),
  /** Ours: a rebuild left the database's schema as it was, but the code expects a newer one. */
  schemaBehind: z.boolean().optional(),
  /**
   * Ours: it runs as its own system user, whose name is derived from the workspace and the instance. `before`: the
   * previous owners of its files.
   */
  systemUser: z.looseObject({ before: ownersSchema }).optional(),
  /** Ours: it runs in PM2's cluster mode, so that its process can be exchanged without a gap. */
  seamless: z.boolean().optional(),
  /** Ours: the operator's tags and notes. */
  labels: labelsSchema.optional(),
  /** Ours: what it may take from PostgreSQL, where that isn't the default. */
  limits: ownLimitsSchema.optional(),
})
export type InstanceConfig = z.infer<typeof instanceConfigSchema>

/** `seconds: null` restores the manifest's time. */
export const bootTimeInputSchema = z.object({ name: nameSchema, seconds: bootSecondsSchema.nullable() })

/** One instance as screens show it. Contains no secrets. */
export interface InstanceView {
  readonly name: string
  readonly port: number
  readonly url: string
  readonly status: InstanceStatus
  /** Why it doesn't work although its process is running; present with such a status only. */
  readonly trouble?: Problem
  /** False if it uses the direct URL, without PgBouncer. */
  readonly pooled: boolean
  readonly database: string
  /** ISO 8601. */
  readonly created: string
  /** When the process started, in milliseconds since 1970; absent if it isn't running. */
  readonly startedAt?: number
  readonly restarts?: number
  /** `cpu` in percent of one core, `memory` in bytes. */
  readonly cpu?: number
  readonly memory?: number
  readonly release?: string
  /** It runs as its own system user. */
  readonly isolated: boolean
  /** It runs in PM2's cluster mode: a rebuild exchanges its process without a gap. */
  readonly seamless: boolean
  /**
   * Whether its code differs from the base application's current code: it is another release's, or no release's. Absent
   * if unknown.
   */
  readonly outdated?: boolean
  /** If so, what changed, e.g. “3 commits, 2 packages, schema”; empty if only code did, absent if unknown. */
  readonly newer?: string
  /** The operator's; absent if there are none. */
  readonly tags?: readonly string[]
  readonly favourite?: true
  /** Its name must be typed before it can be stopped, renamed, rebuilt or deleted. */
  readonly protected?: true
  /** When its code was exchanged, if its previous code is kept: it can be rolled back. ISO 8601. */
  readonly replaced?: string
  /** Bytes; absent while PostgreSQL can't be asked. */
  readonly databaseSize?: number
  /**
   * Why it counts as a copy of another instance, whose database it still names. No job touches a copy until it is
   * adopted. Absent for this workspace's own instances.
   */
  readonly foreign?: string
}

/** A folder in `instances/` with an unusable config.json. It is shown but never touched. */
export interface BrokenInstance {
  readonly folder: string
  readonly problem: Problem
}

/** An instance's process that outlived the PM2 daemon: still running, but unknown to PM2. */
export interface LostProcess {
  readonly name: string
  readonly pid: number
}

export interface InstanceList {
  readonly instances: readonly InstanceView[]
  readonly broken: readonly BrokenInstance[]
  readonly lost: readonly LostProcess[]
  /** Instances that should be running but aren't: the ones that *resurrect all* starts. */
  readonly down: readonly string[]
  readonly outdatedPm2?: OutdatedPm2
  /** Why PM2 can't be asked; every status is then `unknown`. */
  readonly processProblem?: Problem
}

export type KnownInstances = Pick<InstanceList, 'instances' | 'lost'>

/** Those with a running process: also one that PM2 has lost, and each that may have one while PM2 can't be asked. */
export function runningOf({ instances, lost }: KnownInstances): readonly InstanceView[] {
  const alive = new Set(lost.map(it => it.name))
  return instances.filter(it => runs(it.status) || it.status === 'unknown' || alive.has(it.name))
}

/** How an instance is reached from other machines. */
export interface InstanceReach {
  /** Its address for users; absent if it accepts connections from its own machine only. */
  readonly url?: string
  /** The machine's address is a guess. */
  readonly guessed: boolean
  /** For the operator's own computer: forwards the instance's port over SSH. */
  readonly tunnel: string
  /** Its address there, once the tunnel is open. */
  readonly through: string
}

/** Everything known about one instance. Secrets are left out; `reveal` returns one. */
export interface InstanceDetails {
  readonly name: string
  readonly paths: { readonly folder: string; readonly server: string; readonly uploads: string }
  readonly database: {
    readonly name: string
    readonly role: string
    readonly host: string
    readonly port: number
    readonly directPort: number
    readonly pooled: boolean
  }
  /** What it may take from PostgreSQL: those in force, and those of them that were set for it. */
  readonly limits: Pick<InstanceLimits, 'limits' | 'own'>
  /** How long the application may take to answer. `own`: set for this instance. `standard`: the manifest's value. */
  readonly boot: { readonly seconds: number; readonly own: boolean; readonly standard: number }
  /** The user it runs as: its own system user, or the operator. */
  readonly user: string
  /** The operator's. */
  readonly notes?: string
  /** The entries of `.env`, in file order. `value` is absent for secrets. */
  readonly env: readonly { readonly key: string; readonly value?: string }[]
  readonly envFile: EnvFile
  readonly logs: readonly { readonly path: string; readonly bytes: number }[]
}
