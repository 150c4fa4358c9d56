/** Instances: their rules, their files (the guide's exact keys), and how the screens see them. */
import { z } from 'zod'
import { loopback } from './address'
import type { Problem } from './problem'
import { bootSecondsSchema } from './workspace'

/** DESIGN.md: what a name may be. It becomes a folder, a database, a role and a PM2 process. */
export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/
export const nameSchema = z
  .string()
  .min(1, 'Give the instance a name.')
  .max(40, 'At most 40 characters.')
  .regex(namePattern, 'Letters, digits, hyphens and underscores; it begins with a letter or a digit.')

/** Ports below 1024 need root; the guide avoids them. */
export const minPort = 1024
export const maxPort = 65_535
export const portSchema = z
  .int('A port is a whole number.')
  .min(minPort, `At least ${minPort}.`)
  .max(maxPort, `At most ${maxPort}.`)

/** Names of the database and role that belong to an instance; unique because names are, regardless of case. */
export const databaseNames = (name: string): { database: string; role: string } => ({
  database: `${name.toLowerCase()}_db`,
  role: `${name.toLowerCase()}_user`,
})

const line = z
  .string()
  .trim()
  .regex(/^[^\p{Cc}]*$/u, 'No control characters.')
export const directorSchema = z.object({
  name: line.min(1, 'Give the director a name.').max(100, 'At most 100 characters.'),
  email: z
    .email({ error: it => (it.input === '' ? 'Give an e-mail address.' : 'This is not an e-mail address.') })
    .max(254, 'At most 254 characters.'),
  /** bcrypt reads 72 bytes; more would be ignored silently. */
  password: z
    .string()
    .min(10, 'At least 10 characters.')
    .refine(it => new TextEncoder().encode(it).length <= 72, 'At most 72 bytes.')
    .refine(it => !it.includes('\0'), 'No NUL characters.'),
})
export type Director = z.infer<typeof directorSchema>

/**
 * What an instance's HOST can be: all of the machine's addresses, as the guide has it, or its own only (behind a
 * reverse proxy).
 */
export const hosts = ['0.0.0.0', loopback] as const
export type InstanceHost = (typeof hosts)[number]

export const createInputSchema = z.object({
  name: nameSchema,
  port: z.union([z.literal('auto'), portSchema]),
  /** Take the port although another instance or a foreign process has it; only one of them runs at a time. */
  allowSharedPort: z.boolean().default(false),
  director: directorSchema,
  /** `base`: tokens of one instance are valid on all others that share it. */
  jwtSecret: z.enum(['generate', 'base']).default('generate'),
  /** Absent: the base application's, if the manifest copies HOST, else the guide's. */
  host: z.enum(hosts).optional(),
  /** Run it as a system user of its own; only root can. */
  systemUser: z.boolean().default(false),
  /**
   * `install`: with `npm install`, for a base application whose lock files do not fit. Only where its release is not
   * prepared yet.
   */
  install: z.enum(['ci', 'install']).default('ci'),
})
export type CreateInput = z.infer<typeof createInputSchema>

/** A copied instance becomes one of its own. Its database starts empty, so it gets a director. */
export const adoptInputSchema = z.object({
  name: nameSchema,
  /** Its new name; absent: the same if that is free in PostgreSQL and PM2, else one is chosen. */
  as: nameSchema.optional(),
  director: directorSchema,
})
export type AdoptInput = z.infer<typeof adoptInputSchema>

/** db-config.json, the guide's keys. Unknown keys are kept. */
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

/** Who owns a file, and its permissions (0 to 0o777). */
const ownerSchema = z.object({ uid: z.int().min(0), gid: z.int().min(0), mode: z.int().min(0).max(0o777) })
export type Owner = Readonly<z.infer<typeof ownerSchema>>
/** By path inside the instance's folder; `.` is the folder. */
export const ownersSchema = z.record(z.string(), ownerSchema)
export type Owners = Readonly<z.infer<typeof ownersSchema>>

/** config.json, the guide's keys. Unknown keys are kept. */
export const instanceConfigSchema = z.looseObject({
  name: nameSchema,
  port: z.int().min(1).max(maxPort),
  database: databaseConfigSchema,
  paths: z.looseObject({ instance: z.string(), server: z.string(), client: z.string(), uploads: z.string() }),
  created: z.string(),
  /** Ours: its own time to boot; absent: the manifest's `server.bootSeconds`. */
  bootSeconds: bootSecondsSchema.optional(),
  /** Ours: the fingerprint of the release that its files came from. The CLI leaves none. */
  release: z.string().optional(),
  /**
   * Ours: it runs as a system user of its own, whose name follows from the workspace and its own. `before`: who owned
   * its files until then.
   */
  systemUser: z.looseObject({ before: ownersSchema }).optional(),
})
export type InstanceConfig = z.infer<typeof instanceConfigSchema>

/** `seconds` null: the manifest's time again. */
export const bootTimeInputSchema = z.object({ name: nameSchema, seconds: bootSecondsSchema.nullable() })

/** The guide's five. Derived from PM2, never stored. */
export type InstanceStatus = 'online' | 'stopped' | 'errored' | 'not in PM2' | 'unknown'

/** One instance as the screens see it. Holds no secret. */
export interface InstanceView {
  readonly name: string
  readonly port: number
  readonly url: string
  readonly status: InstanceStatus
  /** False: it uses the direct URL, without PgBouncer. */
  readonly pooled: boolean
  readonly database: string
  /** ISO 8601. */
  readonly created: string
  /** Milliseconds since 1970 of the process's start; absent when it does not run. */
  readonly startedAt?: number
  readonly restarts?: number
  /** Per cent of one core, and bytes. */
  readonly cpu?: number
  readonly memory?: number
  readonly release?: string
  /** It runs as a system user of its own. */
  readonly isolated: boolean
  /** Whether the base application has changed since that release; absent when it is not known. */
  readonly outdated?: boolean
  /** Bytes; absent while PostgreSQL does not tell. */
  readonly databaseSize?: number
  /**
   * Why it is a copy of another instance, whose database it names: no job touches it until it is adopted. Absent for an
   * instance of this workspace.
   */
  readonly foreign?: string
}

/** A folder in `instances/` whose config.json cannot be used. It is shown and left alone. */
export interface BrokenInstance {
  readonly folder: string
  readonly problem: Problem
}

/** An instance's process that outlived PM2's daemon: it runs, and PM2 knows nothing of it. */
export interface LostProcess {
  readonly name: string
  readonly pid: number
}

export interface InstanceList {
  readonly instances: readonly InstanceView[]
  readonly broken: readonly BrokenInstance[]
  readonly lost: readonly LostProcess[]
  /** Instances that should run and do not: what *resurrect all* starts. */
  readonly down: readonly string[]
  /** Why PM2 cannot be asked; every status is `unknown` then. */
  readonly processProblem?: Problem
}

/** All there is to know of one instance. Secrets are masked; `reveal` gives one. */
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
  /** How long its application may take to answer. `own`: set for this instance; `standard`: the manifest's time. */
  readonly boot: { readonly seconds: number; readonly own: boolean; readonly standard: number }
  /** Whom it runs as: a system user of its own, or the operator. */
  readonly user: string
  /** The entries of `.env`, in its order. `value` is absent where it is a secret. */
  readonly env: readonly { readonly key: string; readonly value?: string }[]
  readonly logs: readonly { readonly path: string; readonly bytes: number }[]
}

/** What a deletion takes away. Absent numbers could not be found out. */
export interface DeletePreview {
  readonly name: string
  readonly running: boolean
  readonly database: {
    readonly name: string
    readonly role: string
    readonly bytes?: number
    readonly connections?: number
  }
  readonly files: {
    readonly folder: string
    /**
     * Where the folder leads to, if it is a link. That is deleted too, unless `stays`: it is not marked as this
     * instance's.
     */
    readonly target?: string | undefined
    readonly stays?: boolean
    /** Packages that are shared with other instances are not counted. */
    readonly bytes: number
    /** Counted apart: they cannot be created again. */
    readonly uploads: number
    readonly count: number
    /** False: there are more than `count` files, and all numbers are at least what they say. */
    readonly complete: boolean
    /** Links in it that lead out of it: the links are deleted, and what they lead to stays. */
    readonly links: readonly { readonly path: string; readonly target: string }[]
  }
  readonly logs: { readonly count: number; readonly bytes: number }
  /** Its own, if it has one. */
  readonly systemUser?: string
}

/** What a removal of a half-made instance takes away. */
export interface LeftoversPreview {
  readonly name: string
  readonly running: boolean
  /** Absent: it has no folder. */
  readonly files?: DeletePreview['files']
  /** Only `ours` is removed. `unknown`: PostgreSQL does not run. `why` it is another's, or is not known. */
  readonly database: DeletePreview['database'] & {
    readonly state: 'ours' | 'theirs' | 'none' | 'unknown'
    readonly why?: string
  }
  readonly logs: DeletePreview['logs']
}

/** Who has a port. */
export type PortHolder =
  | { readonly type: 'instance'; readonly name: string; readonly running: boolean }
  | { readonly type: 'operation'; readonly subject: string }
  | { readonly type: 'process'; readonly program?: string; readonly pid?: number }
export interface PortCheck {
  readonly port: number
  readonly holders: readonly PortHolder[]
}
