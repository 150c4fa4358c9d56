/** Settings of one workspace (`.instance-manager/settings.json`), all with defaults. */
import { z } from 'zod'
import { driverKinds } from './infrastructure'
import { portSchema } from './instance'

const image = z.string().regex(/^[a-z0-9][\w./:@-]*$/, 'Not an image name.')
const containerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'Not a container name.')

/** Strict: a misspelt key is named, not ignored. */
export const settingsSchema = z.strictObject({
  /** Absent until it is chosen at first run. */
  driver: z.enum(driverKinds).optional(),
  /** On 127.0.0.1; the guide's numbers. */
  ports: z
    .strictObject({
      postgres: portSchema.default(15_432),
      pgbouncer: portSchema.default(16_432),
      /** Automatic ports of instances start here. */
      firstInstance: portSchema.default(5000),
    })
    .prefault({}),
  containers: z
    .strictObject({
      postgres: containerName.default('postgres'),
      pgbouncer: containerName.default('pgbouncer'),
      postgresImage: image.default('docker.io/library/postgres:17-alpine'),
      pgbouncerImage: image.default('docker.io/edoburu/pgbouncer:v1.24.1-p1'),
    })
    .prefault({}),
  /** Limits of each log file: an instance has two. */
  logs: z
    .strictObject({
      /** A file that is larger moves its older part, compressed, into an archive. 1 MB is 2^20 bytes. */
      maxSizeMB: z.number().int().min(1).max(1_000_000).default(50),
      /** How many archives are kept; the oldest are deleted. */
      keep: z.number().int().min(1).max(1000).default(5),
    })
    .prefault({}),
})
export type Settings = z.infer<typeof settingsSchema>
