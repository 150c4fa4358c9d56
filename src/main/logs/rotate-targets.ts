/**
 * Chooses the files to rotate: regular log files of this workspace's instances in PM2's own folder, and of our own
 * services.
 */
import { dirname } from 'node:path'
import type { Processes, ProcessInfo, ProcessRef } from '../processes/client'
import { sameFolder } from '../processes/leftovers'
import { DaemonLost } from '../processes/sockets'
import type { RotatedLog, RotationTargets } from './rotate'

export interface TargetServices {
  readonly processes: Pick<Processes, 'list' | 'modules' | 'defaultLogs'>
  /** Every instance of the workspace, with its PM2 name and its folder. */
  readonly instances: () => Promise<readonly ProcessRef[]>
  /** PostgreSQL and PgBouncer logs that are files on this machine. */
  readonly services: () => readonly string[]
}

/** @param revive see `RotationServices` @throws Problem `pm2-…` */
export async function rotationTargets(services: TargetServices, revive: boolean): Promise<RotationTargets> {
  try {
    return await targetsIn(services, revive)
  } catch (error) {
    if (!(error instanceof DaemonLost)) throw error
    return { logs: services.services().map(path => ({ path })), pm2Logrotate: false }
  }
}

async function targetsIn(services: TargetServices, revive: boolean): Promise<RotationTargets> {
  const [refs, listed, modules] = await Promise.all([
    services.instances(),
    services.processes.list({ revive }),
    services.processes.modules({ revive }),
  ])
  const owned = await Promise.all(
    listed.map(async it => {
      for (const ref of refs) if (ref.name === it.name && (await sameFolder(it.cwd, ref.cwd, it.pid))) return true
      return false
    }),
  )
  // the `pm2` command gives `a_b` and `a-b` the same files
  const others = new Set(listed.filter((_, index) => !owned[index]).flatMap(filesOf))
  const found = new Map<string, RotatedLog>()
  for (const { name } of refs) {
    const own = listed.filter((it, index) => owned[index] && it.name === name)
    const defaults = services.processes.defaultLogs(name)
    const folder = dirname(defaults.outLog) // never /dev/null or a path that the operator configured
    for (const path of own.length ? own.flatMap(filesOf) : filesOf(defaults)) {
      if (dirname(path) === folder && !others.has(path)) found.set(path, { path, instance: name })
    }
  }
  return {
    logs: [...found.values(), ...services.services().map(path => ({ path }))],
    pm2Logrotate: modules.includes('pm2-logrotate'),
  }
}

const filesOf = ({ outLog, errLog }: Pick<ProcessInfo, 'outLog' | 'errLog'>): string[] => [outLog, errLog]
