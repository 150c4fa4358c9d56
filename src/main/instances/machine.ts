/** The machine that all instances share: its load, and what the workspace takes of its disk. */
import { setTimeout as delay } from 'node:timers/promises'
import type { FolderSizes, MachineUse } from '../../shared/machine'
import { cores, CpuMeter, memoryOf } from '../system/machine'
import type { Run } from '../system/run'
import { Watched } from '../system/watched'
import type { WorkspacePaths } from '../workspace/paths'
import type { Space } from './space'

export interface MachineServices {
  readonly run: Run
  readonly paths: Pick<WorkspacePaths, 'releases' | 'instances'>
  readonly space: Pick<Space, 'disk'>
  /** The folder of the instances' logs. */
  readonly logs: string
  /** Aborted when the workspace is closed. */
  readonly signal: AbortSignal
}

/** Milliseconds between looks while someone watches; a look reads /proc and asks for the free space. */
const lookEvery = 5000
/** Milliseconds. Adding up the files of a hundred instances takes seconds. */
const foldersEvery = 600_000

export class Machine {
  readonly #services: MachineServices
  readonly #watched: Watched<MachineUse>
  readonly #cpu = new CpuMeter()
  #folders: FolderSizes | undefined
  #measuredAt = -Infinity
  #measuring: Promise<void> | undefined

  constructor(services: MachineServices) {
    this.#services = services
    this.#watched = new Watched(
      {
        look: () => this.#look(),
        due: signal => delay(lookEvery, undefined, { signal, ref: false }).catch(() => undefined),
        differs: (shown, now) => JSON.stringify(coarse(shown)) !== JSON.stringify(coarse(now)),
      },
      services.signal,
    )
  }

  /** How it is now, and again when that has changed visibly, until the signal is aborted. */
  watch(signal: AbortSignal): AsyncGenerator<MachineUse, void, undefined> {
    return this.#watched.watch(signal)
  }

  /** How it is now; measures the processor for a moment. */
  async use(): Promise<MachineUse> {
    this.#cpu.measure()
    await delay(200)
    return this.#look()
  }

  /** As `use`, but waits for the folders' sizes. */
  async completeUse(): Promise<MachineUse> {
    this.#measure()
    await this.#measuring
    return this.use()
  }

  async #look(): Promise<MachineUse> {
    this.#measure()
    const [memory, disk] = await Promise.all([memoryOf(), this.#services.space.disk()])
    return { cores: cores(), cpu: this.#cpu.measure(), memory, disk, folders: this.#folders }
  }

  #measure(): void {
    if (this.#measuring || performance.now() - this.#measuredAt < foldersEvery) return
    this.#measuring = this.#sizes()
      .then(it => {
        this.#folders = it
        this.#watched.again()
      })
      .catch(() => undefined) // shown without them
      .finally(() => {
        this.#measuredAt = performance.now()
        this.#measuring = undefined
      })
  }

  /** In this order, so that files with several links count as the releases'. Folders that don't exist have no size. */
  async #sizes(): Promise<FolderSizes> {
    const { run, paths, logs, signal } = this.#services
    const folders = [paths.releases, paths.instances, logs]
    const args = ['--summarize', '--one-file-system', '--block-size=1', '--', ...folders]
    // 1: it couldn't read some file
    const text = await run('du', args, { timeout: 300_000, signal, background: true, answers: [0, 1] })
    const sizes = new Map(text.split('\n').map(line => [line.replace(/^\d+\t/, ''), Number.parseInt(line, 10)]))
    const [releases = 0, instances = 0, ours = 0] = folders.map(it => sizes.get(it))
    return { releases, instances, logs: ours }
  }
}

/** What a face shows of it: a change of less isn't worth a message. */
const coarse = ({ cpu = 0, memory, disk, folders }: MachineUse) => [
  Math.round(cpu / 5),
  Math.round((100 * memory.available) / memory.total),
  Math.round((200 * disk.free) / disk.total),
  folders,
]
