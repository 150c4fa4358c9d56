/** The machine as a whole: how busy it is, and what the workspace takes of its disk. All amounts are in bytes. */
import type { DiskSpace } from './space'

export interface MachineUse {
  readonly cores: number
  /** Percent of all cores; absent until it has been measured twice. */
  readonly cpu?: number
  /** `available`: what programs can have without swapping, as the kernel estimates it. */
  readonly memory: { readonly total: number; readonly available: number }
  readonly disk: DiskSpace
  /** Absent until it has been measured, which takes a while on a large disk. */
  readonly folders?: FolderSizes
}

/** Packages that instances share with a release count as the release's. */
export interface FolderSizes {
  readonly instances: number
  readonly releases: number
  readonly logs: number
}
