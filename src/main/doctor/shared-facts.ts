/** Finds out about what the instances share. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { NodeChoice } from '../../shared/workspace'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Space } from '../instances/space'
import type { Processes } from '../processes/client'
import type { WorkspacePaths } from '../workspace/paths'
import { learn, type FileMode, type SharedFacts } from './facts'

export interface SharedServices {
  readonly paths: WorkspacePaths
  readonly node: NodeChoice
  readonly processes: Pick<Processes, 'list' | 'lost' | 'outdated'>
  readonly infrastructure: Pick<Infrastructure, 'status'>
  readonly space: Pick<Space, 'disk'>
}

export async function gatherShared(services: SharedServices, signal: AbortSignal): Promise<SharedFacts> {
  const { paths, node, processes, infrastructure, space } = services
  const [listed, outdatedPm2, status, disk, files] = await Promise.all([
    learn(() => processes.list(), signal),
    learn(() => processes.outdated(), signal),
    learn(() => infrastructure.status(), signal),
    learn(() => space.disk(), signal),
    learn(() => Promise.all([modeOf(paths.state, 0o700), modeOf(paths.secrets, 0o600)]), signal),
  ])
  return {
    listed,
    outdatedPm2,
    node,
    infrastructure: status,
    disk,
    files: 'value' in files ? { value: files.value.filter(it => it !== undefined) } : files,
  }
}

/** Undefined if there is no such file. Follows links. @param allowed the highest permissions that it may have */
export async function modeOf(path: string, allowed: number): Promise<FileMode | undefined> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return info && { name: basename(path), mode: info.mode & 0o777, allowed, ours: info.uid === process.geteuid?.() }
}
