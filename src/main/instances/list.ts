/** The list of instances as the screens show it: a pure join of what was found and what was measured. */
import { urlOf } from '../../shared/address'
import type { InstanceConfig, InstanceList, InstanceView } from '../../shared/instance'
import { runs, type InstanceStatus } from '../../shared/status'
import type { ProcessInfo, ProcessStatus } from '../processes/client'
import type { Diagnosis } from './conditions'
import type { Gathered } from './gather'
import type { SlowFacts } from './slow-facts'
import type { Usage } from './usage'

export interface Measured {
  readonly facts: SlowFacts
  /** The latest measurement; undefined until the process has been measured twice. */
  usageOf(pid: number | undefined): Usage | undefined
}

export function joinList(
  { instances, broken, foreign, desired, processProblem }: Gathered,
  measured: Measured,
  diagnosis: Diagnosis,
): InstanceList {
  const { facts } = measured
  const views = instances.map(({ config, process }): InstanceView => {
    const status = processProblem ? 'unknown' : statusOf(process?.status)
    const mayRun = status === 'online' || status === 'unknown' // between two crashes PM2 has it as “waiting restart”
    const ill = process && mayRun ? diagnosis(config, process) : undefined
    const view = {
      ...viewOf(config, ill?.status ?? status, process, measured),
      ...(ill && { trouble: ill.problem }),
    }
    const owner = foreign.get(config.name)
    const why =
      owner === undefined ? facts.foreign.get(config.name) : `Its config.json belongs to ${owner}, which exists.`
    return why === undefined ? view : { ...view, foreign: why }
  })
  if (processProblem) return { instances: views, broken, lost: [], down: [], processProblem }
  const listed = new Set(instances.map(it => it.process?.pid))
  const byName = new Map(views.map(it => [it.name, it]))
  const lost = facts.lost.filter(it => !listed.has(it.pid) && byName.has(it.name))
  const down = desired.filter(name => {
    const view = byName.get(name)
    return view && isDown(view) && !lost.some(it => it.name === name)
  })
  const { outdatedPm2 } = facts
  return { instances: views, broken, lost, down, ...(outdatedPm2 && { outdatedPm2 }) }
}

/**
 * Whether an instance that should be running isn't, although nobody stopped it. PM2 reports *stopped* only after `pm2
 * stop` or one of our jobs: a process that crashes is restarted or given up (*errored*), and after a reboot PM2 has
 * none.
 */
const isDown = ({ status, foreign }: InstanceView): boolean =>
  foreign === undefined && (status === 'errored' || status === 'not in PM2')

function viewOf(
  config: InstanceConfig,
  status: InstanceStatus,
  process: ProcessInfo | undefined,
  { facts: { base, newer, sizes }, usageOf }: Measured,
): InstanceView {
  const { name, port, database, created, release, labels = {} } = config
  const view = {
    name,
    port,
    url: urlOf(config),
    status,
    database: database.name,
    pooled: database.port !== database.directPort,
    created,
    release,
    databaseSize: sizes.get(database.name),
    isolated: config.systemUser !== undefined,
    seamless: config.seamless === true,
    replaced: config.previous?.replaced,
    ...(labels.tags && { tags: labels.tags }),
    ...(labels.favourite && { favourite: true as const }),
    ...(labels.protected && { protected: true as const }),
    newer: release === undefined || release === base ? undefined : newer.get(release),
    outdated: base === undefined ? undefined : base !== release,
  }
  if (!process) return view
  if (!runs(status)) return { ...view, restarts: process.restarts }
  const { cpu, memory } = usageOf(process.pid) ?? process
  return { ...view, startedAt: process.startedAt, restarts: process.restarts, cpu, memory }
}

/** Translates PM2's status into the guide's. */
function statusOf(pm2: ProcessStatus | undefined): InstanceStatus {
  switch (pm2) {
    case undefined:
      return 'not in PM2'
    case 'online':
      return 'online'
    case 'stopped':
    case 'stopping':
      return 'stopped'
    case 'errored':
      return 'errored'
    case 'launching':
    case 'waiting restart':
    case 'one-launch-status':
      return 'unknown'
  }
}
