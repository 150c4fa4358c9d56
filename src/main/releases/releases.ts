/** Releases: the base application prepared once for use, kept by fingerprint, placed into many instances. */
import { constants } from 'node:fs'
import { cp, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import { isFolder, makeFolder, makePrivateFolder, readIfExists, syncFolder, writeFileAtomic, writeJson } from '../system/files'
import type { Run } from '../system/run'
import { commandCount, prepareClient, prepareServer, type Progress } from './build'
import { copyBase, type Base } from './copy-base'

export interface ReleaseOptions {
  readonly signal: AbortSignal
  readonly report: (progress: { text: string; fraction?: number }) => void
  readonly output: (chunk: string) => void
}

/** Bytes; a thousand models take 2 MB. */
const longestSchema = 64 << 20

/** Flushing a file system that was just filled by npm may take long on a slow disk. */
const syncTimeout = 300_000

export class Releases {
  /** One preparation of a release at a time: who comes second finds it made. */
  private readonly preparing = new Map<string, Promise<void>>()

  constructor(private readonly folder: string, private readonly run: Run) {}

  /** Whether the release is there, whole: it is renamed into place only when it is. */
  has(fingerprint: string): Promise<boolean> {
    return stat(join(this.folder, fingerprint, 'release.json')).then(() => true, () => false)
  }

  /**
   * Installs, generates and builds beside, then renames. Nothing to do if it is there already.
   * @throws Problem `base-changed` if the base application is no longer what its fingerprint says; Problems of the commands
   */
  async prepare(base: Base, options: ReleaseOptions): Promise<void> {
    const { fingerprint } = base
    for (let other = this.preparing.get(fingerprint); other; other = this.preparing.get(fingerprint)) {
      options.report({ text: 'Another operation prepares this release; waiting for it' })
      await Promise.race([other.catch(() => undefined), aborted(options.signal)])
    }
    options.signal.throwIfAborted()
    const work = this.make(base, options).finally(() => this.preparing.delete(fingerprint))
    this.preparing.set(fingerprint, work)
    await work
  }

  /** Copies a release into an instance: own code, packages as hard links (no space, milliseconds) unless it lies on another disk. Data folders and .env are not in it. */
  async place(fingerprint: string, { server, client }: Manifest, target: string, signal: AbortSignal): Promise<void> {
    const release = join(this.folder, fingerprint)
    const packages = join(release, server.folder, 'node_modules')
    const copy = { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, mode: constants.COPYFILE_FICLONE }
    await cp(join(release, server.folder), join(target, server.folder), { ...copy, filter: source => source !== packages })
    const link = await deviceOf(release) === await deviceOf(target) ? ['--link'] : []
    if (await isFolder(packages)) await this.run('cp', ['--archive', ...link, '--no-target-directory', packages, join(target, server.folder, 'node_modules')], { signal, timeout: syncTimeout })
    await cp(join(release, client.folder), join(target, client.folder), copy)
    await this.run('sync', ['--file-system', target], { signal, timeout: syncTimeout })
  }

  /** The SQL that makes the release's schema in an empty database, if it was kept. */
  schema(fingerprint: string): Promise<string | undefined> {
    return readIfExists(this.schemaFile(fingerprint), longestSchema)
  }

  keepSchema(fingerprint: string, sql: string): Promise<void> {
    return writeFileAtomic(this.schemaFile(fingerprint), sql, 0o600)
  }

  /** Removes what a killed preparation left. Call when none runs. */
  async tidy(): Promise<void> {
    const left = (await readdir(this.folder).catch(() => [])).filter(it => it.startsWith('.'))
    await Promise.all(left.map(it => rm(join(this.folder, it), { recursive: true, force: true })))
  }

  private schemaFile(fingerprint: string): string { return join(this.folder, fingerprint, 'schema.sql') }

  private async make(base: Base, { signal, report, output }: ReleaseOptions): Promise<void> {
    const { fingerprint, manifest } = base
    if (await this.has(fingerprint)) return
    await makePrivateFolder(this.folder)
    const aside = join(this.folder, `.${fingerprint}-${Date.now()}`)
    try {
      report({ text: 'Copying the base application' })
      await copyBase(base, aside, signal)
      const both = new AbortController() // one part fails: the other need not go on
      const part = { run: this.run, signal: AbortSignal.any([signal, both.signal]), root: aside, manifest, report: progressOf(report), output }
      const parts = [prepareServer(part), prepareClient(part)]
      await Promise.all(parts).catch(async (error: unknown) => {
        both.abort(error)
        await Promise.allSettled(parts)
        throw error
      })
      await this.finish(aside, base, signal)
    } finally {
      await rm(aside, { recursive: true, force: true })
    }
  }

  /** Keeps the server and the client's build, makes them durable, and gives them their name in one step. */
  private async finish(aside: string, { manifest: { server, client }, fingerprint, nodeMajor }: Base, signal: AbortSignal): Promise<void> {
    const whole = join(aside, '.release')
    const output = join(client.folder, client.output)
    if (!await isFolder(join(aside, output))) {
      throw problem({
        code: 'client-build-missing', message: `The client's build left no folder ${output}.`,
        hint: 'If the client builds into another folder, name it in instance-manager.json as client.output.',
      })
    }
    for (const part of [server.folder, output]) {
      await makeFolder(join(whole, part, '..'))
      await rename(join(aside, part), join(whole, part))
    }
    await writeJson(join(whole, 'release.json'), { fingerprint, nodeMajor, prepared: new Date().toISOString() })
    await this.run('sync', ['--file-system', whole], { signal, timeout: syncTimeout })
    await rm(join(this.folder, fingerprint), { recursive: true, force: true }) // one that is not whole would be in the way for ever
    await rename(whole, join(this.folder, fingerprint))
    await syncFolder(this.folder)
  }
}

const deviceOf = async (path: string): Promise<number> => (await stat(path)).dev

/** Both parts in one line, and how many of their commands are finished. */
function progressOf(report: ReleaseOptions['report']): Progress {
  const doing = new Map<string, string>()
  let finished = 0
  return (part, what, done) => {
    doing.set(part, what)
    if (done) finished += 1
    report({ text: [...doing].map(it => it.join(': ')).join(' · '), fraction: finished / commandCount })
  }
}

const aborted = (signal: AbortSignal): Promise<never> => new Promise((_, reject) => {
  signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
})
