/** PM2's data about its processes, validated, and converted for the rest of the app. */
import { z } from 'zod'

/** As PM2 calls them. */
const statuses = [
  'online',
  'launching',
  'stopping',
  'stopped',
  'errored',
  'waiting restart',
  'one-launch-status',
] as const
export type ProcessStatus = (typeof statuses)[number]

export interface ProcessInfo {
  /** PM2's id, e.g. for `pm2 logs 3`. */
  readonly id: number
  readonly name: string
  /** Absent if it isn't running. */
  readonly pid?: number
  readonly status: ProcessStatus
  readonly cwd: string
  /** Milliseconds since 1970; absent if it isn't running. */
  readonly startedAt?: number
  readonly restarts: number
  /** Per cent of one core, and bytes; 0 if it isn't running. */
  readonly cpu: number
  readonly memory: number
  readonly execMode: 'fork' | 'cluster'
  readonly outLog: string
  readonly errLog: string
  /** The former daemon still runs it (exchange.ts), until it is next started. */
  readonly former?: true
}

const entrySchema = z.object({
  pid: z.number().optional(),
  name: z.string(),
  pm_id: z.number(),
  monit: z.object({ cpu: z.number(), memory: z.number() }),
  pm2_env: z.object({
    status: z.enum(statuses),
    pm_cwd: z.string(),
    pm_uptime: z.number().optional(),
    restart_time: z.number().default(0),
    exec_mode: z.string(),
    pm_out_log_path: z.string().default(''),
    pm_err_log_path: z.string().default(''),
    pmx_module: z.unknown().optional(),
  }),
  former: z.literal(true).optional(),
})
export type ListEntry = z.infer<typeof entrySchema>
/** The result of `getMonitorData`, of the daemons together (daemons.ts). */
export const entriesSchema = z.array(entrySchema)

/** A list with all that is in it. */
export const rawListSchema = z.array(z.looseObject({}))

/** The result of `prepare` for an app with one process. */
export const preparedSchema = z.tuple([z.object({ pm2_env: z.object({ pm_id: z.number() }) })])

/** The whole list with all keys, for the dump. */
export const savedSchema = z.array(
  z.object({ pm2_env: z.looseObject({ name: z.string(), pmx_module: z.unknown().optional() }) }),
)
/** What `prepare` needs to start a process of the list again: as `pm2 save` keeps it. */
export function definitionOfListed({ pm2_env }: z.infer<typeof savedSchema>[number]) {
  const { instances: _, pm_id: __, prev_restart_delay: ___, ...kept } = pm2_env
  return kept
}
const dumpSchema = z.array(z.looseObject({ name: z.string(), pm_cwd: z.string().optional() }))
/** A message on the bus. */
export const eventSchema = z.object({ event: z.string(), process: z.object({ name: z.string() }) })

/** The apps in a dump; none if it is missing or broken: its content stays in the backup. */
export function parseDump(text: string | undefined): z.infer<typeof dumpSchema> {
  try {
    return dumpSchema.parse(JSON.parse(text ?? '[]'))
  } catch {
    return []
  }
}

export function toInfo({ pid, name, pm_id, monit, pm2_env: it, former }: ListEntry): ProcessInfo {
  const runs = pid !== undefined && pid > 0
  return {
    id: pm_id,
    name,
    // While PM2 restarts one that has crashed, it calls it “stopped” for a moment, but keeps its pid.
    status: it.status === 'stopped' && runs ? 'waiting restart' : it.status,
    cwd: it.pm_cwd,
    restarts: it.restart_time,
    cpu: monit.cpu,
    memory: monit.memory,
    execMode: it.exec_mode === 'cluster_mode' ? 'cluster' : 'fork',
    outLog: it.pm_out_log_path,
    errLog: it.pm_err_log_path,
    ...(runs && { pid, startedAt: it.pm_uptime }),
    ...(former && { former }),
  }
}
