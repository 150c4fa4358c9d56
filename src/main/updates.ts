/**
 * Whether another version of the product is installed, or in one of the machine's apt sources. It is only told: what
 * upgrades the product is the system (docs/decisions/0052-updates.md).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Update } from '../shared/update'
import { aptPolicy, aptState, type AptPolicy } from './system/apt'
import { exists, readJson } from './system/files'
import type { Product } from './system/product'
import { Watched } from './system/watched'

/** Milliseconds between two looks, which read four files' times; apt is only asked after a change. */
const pause = 60_000

/** How apt is asked; replaced in tests. */
export interface Apt {
  policy(name: string, signal: AbortSignal): Promise<AptPolicy | undefined>
  state(): Promise<string>
}
const ownApt: Apt = { policy: aptPolicy, state: aptState }

export class Updates {
  readonly #running: { readonly version: string; readonly product: Product }
  readonly #apt: Apt
  #asked: { readonly state: string; readonly policy: AptPolicy | undefined } | undefined
  #signal = new AbortController().signal
  readonly #watched = new Watched<Update | null>(
    {
      look: () => this.find(this.#signal),
      due: signal => sleep(pause, undefined, { signal }).catch(() => undefined),
      begin: signal => {
        this.#signal = signal
      },
    },
    new AbortController().signal, // the app lasts as long as the process
  )

  /** @param running what this process runs */
  constructor(running: { readonly version: string; readonly product: Product }, apt = ownApt) {
    this.#running = running
    this.#apt = apt
  }

  /** Now, and whenever it changes. */
  watch(signal: AbortSignal): AsyncGenerator<Update | null, void, undefined> {
    return this.#watched.watch(signal)
  }

  /** @returns null if there is none, or this isn't a package of the product */
  async find(signal: AbortSignal): Promise<Update | null> {
    const { version, product } = this.#running
    if (!(await exists(product.sums))) return null
    const installed = await readInstalled(product)
    if (installed === undefined) return null // an upgrade or a removal is at work
    if (installed.version !== version) return { version: installed.version, is: 'installed' }
    const policy = await this.#policy(signal)
    // Another copy of the product may be installed than the one that runs.
    if (policy?.installed !== installed.versionInPackages || policy.candidate === policy.installed) return null
    return { version: policy.candidate, is: 'available' }
  }

  async #policy(signal: AbortSignal): Promise<AptPolicy | undefined> {
    const state = await this.#apt.state()
    if (this.#asked?.state !== state)
      this.#asked = { state, policy: await this.#apt.policy('instance-manager', signal) }
    return this.#asked.policy
  }
}

/** `versionInPackages`: as apt knows it, `1.2.0~beta.1` for `1.2.0-beta.1` (scripts/package/versions.mjs). */
const installedSchema = z.object({ version: z.string().max(100), versionInPackages: z.string().max(100) })

const readInstalled = ({ packageJson }: Product): Promise<z.infer<typeof installedSchema> | undefined> =>
  readJson(packageJson, installedSchema).catch(() => undefined)
