/** Where each log is, and what to mask in it. */
import type { ServiceName } from '../../shared/infrastructure'
import type { InstanceConfig } from '../../shared/instance'
import type { LogSource } from '../../shared/log'
import type { Manifest } from '../../shared/workspace'
import type { Driver } from '../infrastructure/drivers/driver'
import { serviceOf } from '../infrastructure/services'
import type { Configs } from '../instances/configs'
import { previousValues } from '../instances/env-edits'
import { findInstance } from '../instances/lifecycle/target'
import type { Processes } from '../processes/client'
import { passwordsInUrl } from '../../shared/secret-names'
import { readIfExists, readJson } from '../system/files'
import { instancePaths, type WorkspacePaths } from '../workspace/paths'
import { readManifest } from '../workspace/base'
import { formsOf, secretsInEnv, secretsInVariables } from '../workspace/known-secrets'
import type { OperationSpools } from './operation-spool'
import type { StreamSource } from './open'
import { databaseConfigSchema } from '../../shared/instance'

/** The log of a service running in a container. */
export interface ContainerLog {
  /** The file, which grows while the workspace is open; undefined if there is no such container. */
  path(service: ServiceName): Promise<string | undefined>
}

export interface SourceServices {
  readonly paths: WorkspacePaths
  readonly processes: Pick<Processes, 'logFiles' | 'defaultLogs'>
  readonly configs: (manifest?: Manifest) => Promise<Configs>
  readonly spools: OperationSpools
  readonly containerLog: ContainerLog
  /** The workspace's own secrets, by key. */
  readonly ours: () => Promise<Readonly<Record<string, string>>>
  /** The driver currently running the services. */
  readonly driver: () => Promise<Pick<Driver, 'logFile'>>
}

/**
 * How long an answer is reused: at least this many milliseconds, and this many times as long as it took to get, so that
 * a slow PM2 doesn't delay every page.
 */
const goodFor = 5000
const timesGood = 10

export class LogSources {
  readonly #answers = new Map<string, { until: number; readonly value: Promise<unknown> }>()
  /** PM2's last answer on where an instance's logs are. */
  readonly #lastFiles = new Map<string, readonly string[]>()

  readonly #services: SourceServices

  constructor(services: SourceServices) {
    this.#services = services
  }

  /** @throws Problems `instance-unknown`, `operation-unknown` */
  async streams(source: LogSource): Promise<StreamSource[]> {
    switch (source.kind) {
      case 'instance': {
        await findInstance(this.#services, source.name)
        const [out, err] = await this.#lately(`files ${source.name}`, () => this.#files(source.name))
        const all: StreamSource[] = [
          { path: out, name: 'out' },
          { path: err, name: 'err' },
        ]
        // PM2 can be configured to write both to one file: then there are no separate streams.
        if (out === err) return [{ path: out }]
        return source.stream === 'both' ? all : all.filter(it => it.name === source.stream)
      }
      case 'service': {
        const path = await this.#servicePath(source.name)
        return path === undefined ? [] : [{ path }]
      }
      case 'operation':
        return [{ path: await this.#services.spools.path(source.id) }]
      case 'app':
        return [{ path: this.#services.paths.appLog }]
    }
  }

  /** What to mask: in an instance's log, its own secrets; in other logs, everyone's. */
  async secrets(source: LogSource): Promise<string[]> {
    return await this.#lately(`secrets ${source.kind === 'instance' ? source.name : ''}`, async () => {
      const manifest = await readManifest(this.#services.paths.root)
      const { configs } = await this.#services.configs(manifest)
      const wanted = source.kind === 'instance' ? configs.filter(it => it.name === source.name) : configs
      const found = await Promise.all(wanted.map(it => this.#instanceSecrets(it, manifest)))
      const ours = source.kind === 'instance' ? {} : await this.#services.ours().catch(() => ({}))
      return formsOf([...found.flat(), ...Object.values(ours)])
    })
  }

  async #instanceSecrets(config: InstanceConfig, manifest: Manifest): Promise<string[]> {
    const its = instancePaths(this.#services.paths, manifest, config.name)
    const [text, previous, database] = await Promise.all([
      readIfExists(its.env).catch(() => undefined),
      previousValues(its).catch(() => []),
      readJson(its.databaseConfig, databaseConfigSchema).catch(() => undefined),
    ])
    const databases = [config.database, ...(database ? [database] : [])]
    return [
      ...secretsInEnv(text ?? ''),
      ...secretsInVariables(previous),
      ...databases.flatMap(it => [it.password, ...passwordsInUrl(it.url), ...passwordsInUrl(it.directUrl)]),
    ]
  }

  /**
   * The paths from PM2; if it doesn't answer, its last answer or our defaults, since logs matter most when something is
   * broken.
   */
  async #files(name: string): Promise<readonly [out: string, err: string]> {
    const { outLog, errLog } = this.#services.processes.defaultLogs(name)
    const files = await this.#services.processes.logFiles(name).catch(() => undefined)
    if (files) this.#lastFiles.set(name, files)
    const [out, err] = this.#lastFiles.get(name) ?? []
    return [out || outLog, err || errLog]
  }

  async #servicePath(name: ServiceName): Promise<string | undefined> {
    const driver = await this.#services.driver()
    return driver.logFile ? driver.logFile(serviceOf(name)) : await this.#services.containerLog.path(name)
  }

  #lately<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#answers.get(key)
    if (known && performance.now() < known.until) return known.value as Promise<T>
    const asked = performance.now()
    const value = ask()
    const answer = { until: Infinity, value }
    this.#answers.set(key, answer)
    value.then(
      () => {
        answer.until = performance.now() + Math.max(goodFor, timesGood * (performance.now() - asked))
      },
      () => this.#answers.delete(key),
    )
    return value
  }
}
