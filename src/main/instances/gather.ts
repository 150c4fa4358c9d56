/** One look at the world: the instances' folders, their processes in PM2, and which should be running. */
import type { InstanceConfig, InstanceList } from '../../shared/instance'
import { toProblem, type Problem } from '../../shared/problem'
import type { Processes, ProcessInfo } from '../processes/client'
import type { Configs } from './configs'
import type { Desired } from './desired'
import { ownProcess } from './lifecycle/own-process'

export interface Gathered {
  readonly instances: readonly { readonly config: InstanceConfig; readonly process?: ProcessInfo }[]
  readonly broken: InstanceList['broken']
  /** Copies, each with the folder that it belongs to. */
  readonly foreign: Configs['foreign']
  readonly desired: readonly string[]
  /** Why PM2 can't be asked; then no instance has a process. */
  readonly processProblem?: Problem
}

export interface GatherServices {
  readonly desired: Pick<Desired, 'names'>
  readonly processes: Pick<Processes, 'list'>
}

/** Never throws: whatever can't be found out is left out. @param revive start PM2's daemon if it isn't running */
export async function gather(
  { desired: wanted, processes }: GatherServices,
  { configs, broken, foreign, serverOf }: Configs,
  revive: boolean,
): Promise<Gathered> {
  const [desired, listed] = await Promise.all([
    wanted.names().catch(() => []),
    processes.list({ revive }).catch((error: unknown) => toProblem(error)),
  ])
  if (!isList(listed))
    return { instances: configs.map(config => ({ config })), broken, foreign, desired, processProblem: listed }
  const instances = await Promise.all(
    configs.map(async config => ({
      config,
      process: await ownProcess(listed, { name: config.name, cwd: serverOf(config.name) }),
    })),
  )
  return { instances, broken, foreign, desired }
}

const isList = (it: unknown): it is ProcessInfo[] => Array.isArray(it)
