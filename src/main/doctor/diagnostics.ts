/**
 * What someone who helps needs to know, as one text without secrets: versions, machine, settings, services, instances,
 * what the health report found, recent operations, and the end of the app's own log.
 */
import { release } from 'node:os'
import type { Examined } from '../../shared/doctor'
import type { OperationState } from '../../shared/operation'
import { toProblem } from '../../shared/problem'
import { isSecretName, maskSecrets } from '../../shared/secret-names'
import type { Infrastructure } from '../infrastructure/infrastructure'
import type { Machine } from '../instances/machine'
import type { Registry } from '../instances/registry'
import type { Operations } from '../operations/engine'
import { readIfExists } from '../system/files'
import type { Base } from '../workspace/opened'

export interface DiagnosticsServices extends Pick<Base, 'paths' | 'settings' | 'place'> {
  readonly operations: Pick<Operations, 'list' | 'unreadable'>
  readonly infrastructure: Pick<Infrastructure, 'status'>
  readonly registry: Pick<Registry, 'list'>
  readonly machine: Pick<Machine, 'use'>
  /** All known secrets, in every form in which they may appear. */
  readonly secrets: () => Promise<readonly string[]>
  readonly examine: (signal: AbortSignal) => Promise<readonly Examined[]>
}

/** The newest operations, and the last lines of the log. */
const operationsShown = 50
const linesShown = 500

/** Never fails: says instead what couldn't be found out. @returns JSON, indented */
export async function diagnostics(services: DiagnosticsServices, signal: AbortSignal): Promise<string> {
  const { paths, settings, place, operations, infrastructure, registry, machine, examine } = services
  const secrets = await services.secrets()
  const parts = {
    versions: () => ({ 'Instance Manager': place.version, ...process.versions, kernel: release(), cpu: process.arch }),
    system: async () => /^PRETTY_NAME="?(.*?)"?$/m.exec((await readIfExists('/etc/os-release')) ?? '')?.[1],
    machine: () => machine.use(),
    settings: () => settings.read(),
    infrastructure: () => infrastructure.status(),
    instances: () => registry.list(),
    health: async () =>
      (await examine(signal)).map(({ name, findings }) => ({
        name,
        findings: findings.filter(it => it.is !== 'good'),
      })),
    operations: () => operations.list().slice(-operationsShown).map(told),
    unreadable: () => operations.unreadable(),
    log: async () => (await readIfExists(paths.appLog))?.trimEnd().split('\n').slice(-linesShown),
  }
  const found = await Promise.all(
    Object.entries(parts).map(async ([name, look]): Promise<[string, unknown]> => {
      try {
        return [name, await look()]
      } catch (error) {
        signal.throwIfAborted()
        return [name, { problem: toProblem(error) }]
      }
    }),
  )
  const masked = (key: string, value: unknown): unknown => {
    if (typeof value !== 'string') return value
    return isSecretName(key) ? '***' : maskSecrets(secrets.reduce((text, it) => text.replaceAll(it, '***'), value))
  }
  return `${JSON.stringify({ made: new Date().toISOString(), ...Object.fromEntries(found) }, masked, 2)}\n`
}

/** Without its plan: that is the largest part, and only makes sense with its code. */
const told = ({ id, kind, subject, phase, openedAt, settledAt, turned, steps }: OperationState) => ({
  id,
  kind,
  subject,
  phase,
  openedAt,
  settledAt,
  turned,
  steps: steps.map(({ name, status, problem, result }) => ({ name, status, problem, result })),
})
