/** A workspace, its base application and its optional manifest. */
import { z } from 'zod'
import type { Problem } from './problem'

const folder = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'A relative folder, without "..".')
  .refine(it => !it.split('/').includes('..'), 'A relative folder, without "..".')
/** A command as an argument list, never a shell string: ["npm", "run", "build"]. */
const command = z.tuple([z.string().min(1)], z.string())

/** A path in a URL, with its query. */
const pathSchema = z.string().regex(/^\/[\x21-\x7e]*$/, 'A path on the instance’s own port, e.g. "/api/health".')

/**
 * A test of the running application: a path on the instance's own port, answered with this status (absent: below 400)
 * and a body that contains this text; or a command, run in the server folder, that exits with 0.
 */
const smokeTestSchema = z
  .strictObject({
    url: pathSchema.optional(),
    status: z.int().min(100).max(599).optional(),
    text: z.string().min(1).optional(),
    command: command.optional(),
  })
  .refine(it => (it.url === undefined) !== (it.command === undefined), 'Either "url" or "command".')
  .refine(
    it => it.url !== undefined || (it.status === undefined && it.text === undefined),
    '"status" and "text" go with "url".',
  )
export type SmokeTest = Readonly<z.infer<typeof smokeTestSchema>>

/** The request that a healthy application answers, and with which status (absent: any below 500). */
const healthCheckSchema = z.strictObject({
  path: pathSchema.default('/'),
  status: z.int().min(100).max(599).optional(),
})
export type HealthCheck = Readonly<z.infer<typeof healthCheckSchema>>

/** How long an application may take to answer after starting, in seconds. */
export const bootSecondsSchema = z
  .int('Enter a whole number of seconds.')
  .min(1, 'At least 1 second.')
  .max(3600, 'At most 3600 seconds.')

/**
 * `instance-manager.json`. Every key has the guide's default, so a plain server/ + client/ needs no manifest. Strict: a
 * misspelt key is reported, not ignored.
 */
export const manifestSchema = z.strictObject({
  server: z
    .strictObject({
      folder: folder.default('server'),
      entry: folder.default('index.js'),
      /** Absent: `npm ci` if there is a lock file, otherwise `npm install`. */
      install: command.optional(),
      generate: command.default(['npx', 'prisma', 'generate']),
      push: command.default(['npx', 'prisma', 'db', 'push', '--skip-generate', '--accept-data-loss']),
      /**
       * Seconds within which the application must answer after starting. An instance can override it (`bootSeconds` in
       * its config.json).
       */
      bootSeconds: bootSecondsSchema.default(60),
      health: healthCheckSchema.prefault({}),
      /** The path of the API. Absent: `/api` is tried, which may turn out to be the client's page. */
      api: pathSchema.optional(),
      /** Folders inside server/ that belong to the instance and survive a rebuild. */
      dataFolders: z
        .array(folder.refine(it => !it.split('/').includes('.'), 'A folder inside server/, without ".".'))
        .default(['uploads']),
    })
    .prefault({}),
  client: z
    .strictObject({
      folder: folder.default('client'),
      install: command.optional(),
      build: command.default(['npm', 'run', 'build']),
      output: folder.default('build'),
    })
    .prefault({}),
  /**
   * Keys copied from the base application's server/.env. JWT_SECRET is generated unless the operator chooses to share
   * the base's.
   */
  env: z
    .strictObject({
      copy: z
        .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/))
        .default([
          'EMAIL_USER',
          'EMAIL_PASSWORD',
          'SENDGRID_API_KEY',
          'S3_ACCESS_KEY_ID',
          'S3_SECRET_ACCESS_KEY',
          'S3_REGION',
          'S3_BUCKET_NAME',
          'JWT_SECRET',
        ]),
    })
    .prefault({}),
  director: z
    .strictObject({
      /** The property of the Prisma client, e.g. `user` for `prisma.user`. */
      model: z
        .string()
        .regex(/^[a-z][A-Za-z0-9_]*$/)
        .default('user'),
      role: z.string().default('director'),
      status: z.string().default('approved'),
    })
    .prefault({}),
  /** Run in addition to the standard tests. A test of `/` replaces the standard test of the client. */
  smoke: z.array(smokeTestSchema).default([]),
})
export type Manifest = z.infer<typeof manifestSchema>

/** A requirement of the base application, and whether it is met. */
export interface BaseCheck {
  readonly item: string
  readonly found: boolean
  readonly hint?: string
}
export interface WorkspaceCheck {
  readonly path: string
  readonly usable: boolean
  readonly checks: readonly BaseCheck[]
  readonly instances: number
}

export interface RecentWorkspace {
  readonly path: string
  readonly openedAt: string
  readonly exists: boolean
}

/** The Node.js on which a workspace's tools and instances run. */
export interface NodeChoice {
  /** Of the program. */
  readonly path: string
  /** e.g. `20.19.2` */
  readonly version: string
  /** Whether it is one that the application requires. */
  readonly fits: boolean
  /** The versions that the application requires, e.g. `>=20`; absent: any. */
  readonly required?: string | undefined
  /** The program chosen in the settings, if it can't be used; this one is used instead. */
  readonly unusable?: string | undefined
}

/** What `app.watch` sends. */
export interface AppState {
  readonly version: string
  /** The version of Node.js that runs the engine. */
  readonly node: string
  readonly pm2: string
  /** True in a desktop window, which has native dialogs. */
  readonly desktop: boolean
  /** Instance Manager runs as root, so instances can have their own system users. */
  readonly root: boolean
  /** The engine's pages are served over HTTP, so there are sessions. */
  readonly served: boolean
  /** Absent: the first-run screen asks for a workspace. */
  readonly workspace?: {
    readonly path: string
    readonly name: string
    /** Unless it is another process's engine. */
    readonly node?: NodeChoice | undefined
    /** This window shows it through the engine of another process; where that serves its pages, if it does. */
    readonly through?: { readonly address?: string }
  }
  readonly recent: readonly RecentWorkspace[]
  readonly home: string
  /** Why the last attempt to open a workspace failed. */
  readonly problem?: Problem
}
