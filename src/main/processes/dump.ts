/** dump.pm2: the apps that `pm2 resurrect` starts after a reboot. */
import { readIfExists, writeFileAtomic } from '../system/files'
import { SerialQueue } from '../system/serial-queue'
import type { Daemons } from './daemons'
import { pm2Paths } from './daemon'
import { definitionOfListed, parseDump, savedSchema } from './entries'
import { appsOf, type ProcessRef } from './leftovers'

/** Bytes. An app takes about 2 KB, more if it was started with a large environment. */
export const maxDumpBytes = 64 << 20

export class Dump {
  readonly #home: string
  readonly #daemons: Pick<Daemons, 'list'>
  readonly #saving = new SerialQueue()

  constructor(home: string, daemons: Pick<Daemons, 'list'>) {
    this.#home = home
    this.#daemons = daemons
  }

  /**
   * Writes the list to dump.pm2 (0600), which `pm2 resurrect` starts after a reboot. Keeps apps that a killed daemon
   * lost and that are still running: saving after such an accident must not forget them.
   */
  save(): Promise<void> {
    return this.#saving.run(() => this.#save())
  }

  /** One at a time: the first call to read the list must not be the last to write it. */
  async #save(): Promise<void> {
    const { dump, dumpBackup } = pm2Paths(this.#home)
    const raw = savedSchema.parse(await this.#daemons.list())
    const listed = raw.filter(it => !it.pm2_env.pmx_module).map(definitionOfListed)
    const old = await readIfExists(dump, maxDumpBytes)
    const running = new Set((await appsOf(this.#home)).map(it => it.name))
    const lost = parseDump(old).filter(it => running.has(it.name) && !listed.some(other => other.name === it.name))
    if (old !== undefined) await writeFileAtomic(dumpBackup, old, 0o600)
    await writeFileAtomic(dump, JSON.stringify([...listed, ...lost], null, 2), 0o600)
  }

  /** Whether `pm2 resurrect` would start it: it was listed at the last `save`. */
  async saved({ name, cwd }: ProcessRef): Promise<boolean> {
    const dump = parseDump(await readIfExists(pm2Paths(this.#home).dump, maxDumpBytes))
    return dump.some(it => it.name === name && it.pm_cwd === cwd)
  }
}
