/** The health report: finds out about everything, judges it, and fixes what no other job does. */
import type { Examined, ExaminationNews } from '../../shared/doctor'
import { isMoving } from '../../shared/operation'
import { problem, toProblem } from '../../shared/problem'
import { Pools } from '../infrastructure/pools'
import type { InfrastructureRoom } from '../infrastructure/room'
import type { Configs } from '../instances/configs'
import type { Machine } from '../instances/machine'
import type { Registry } from '../instances/registry'
import type { Roster } from '../instances/roster'
import { foreignInstances } from '../instances/slow-facts'
import type { Space } from '../instances/space'
import type { Operations } from '../operations/engine'
import type { AnyOperation } from '../operations/operation'
import type { Processes } from '../processes/client'
import type { Releases } from '../releases/releases'
import { portsHolders } from '../system/sockets'
import type { Base } from '../workspace/opened'
import { databaseChecks } from './database-checks'
import { diagnostics } from './diagnostics'
import { learn, type InstanceFacts, type SharedFacts } from './facts'
import { fileChecks } from './file-checks'
import { fixing } from './fixing'
import { gatherInstance, releasePaths, type Round } from './instance-facts'
import { processChecks } from './process-checks'
import { sharedChecks } from './shared-checks'
import { gatherShared } from './shared-facts'
import { good, run, wrong, type Check } from './verdicts'

/** All that the room does. */
export interface DoctorWork {
  readonly jobs: readonly AnyOperation[]
  /**
   * Examines what the instances share, then every instance, or one. Changes nothing.
   * @throws Problem `instance-unknown`; Problems of the manifest
   */
  examine(name: string | undefined, signal: AbortSignal): AsyncGenerator<ExaminationNews, void, undefined>
  /** See `diagnostics`. */
  diagnostics(signal: AbortSignal): Promise<string>
}

/** What it uses of other rooms. */
export interface Others {
  readonly shared: InfrastructureRoom
  readonly processes: Processes
  readonly releases: Releases
  readonly roster: Roster
  readonly space: Space
  readonly registry: Registry
  readonly machine: Machine
  /** All known secrets. */
  readonly secrets: () => Promise<readonly string[]>
}

/** Instances examined at a time: each logs in three times, and its files are listed. */
const atOnce = 4

const instanceChecks: readonly Check<InstanceFacts>[] = [...processChecks, ...databaseChecks, ...fileChecks]

export function doctorWork(base: Base, operations: Operations, others: Others): DoctorWork {
  const { infrastructure, databases } = others.shared
  const { roster, processes } = others
  const pools = new Pools(database => infrastructure.throughPool(database))
  const services = { ...base, ...others, ...roster, infrastructure, databases, operations, pools }

  async function roundOf(found: Configs, { listed }: SharedFacts, signal: AbortSignal): Promise<Round> {
    const { configs, manifest } = found
    const pids = 'value' in listed ? listed.value.flatMap(it => it.pid ?? []) : []
    const ports = configs.map(it => it.port)
    const [wanted, lost, holders, release, marked] = await Promise.all([
      roster.desired.names(),
      learn(() => processes.lost(), signal),
      learn(() => portsHolders(ports, pids), signal),
      roster.baseFingerprint().catch(() => undefined),
      foreignInstances({ ...services, configs: () => Promise.resolve(found) }, pids).catch(() => new Map()),
    ])
    const moved = [...found.foreign].map(
      ([name, to]) => [name, `Its config.json belongs to ${to}, which exists.`] as const,
    )
    const copies = new Map<string, string>([...marked, ...moved])
    const pathsOf = releasePaths(others.releases)
    return { manifest, configs, copies, wanted, listed, lost, holders, pathsOf, base: release }
  }

  async function examineOne({ configs, broken }: Configs, round: Round, name: string, signal: AbortSignal) {
    const config = configs.find(it => it.name === name)
    const unusable = broken.find(it => it.folder === name)?.problem
    if (!config) return useless(name, unusable?.message ?? 'It is gone.', unusable?.hint)
    const copy = round.copies.get(name)
    if (copy !== undefined) return useless(name, `It is a copy of another instance. ${copy}`, adoptIt)
    return { name, findings: judge(await gatherInstance(services, round, config, signal)) }
  }

  async function* examine(
    name: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ExaminationNews, void, undefined> {
    const found = await roster.configs()
    const names = [...found.configs.map(it => it.name), ...found.broken.map(it => it.folder)]
      .filter(it => name === undefined || it === name)
      .toSorted((a, b) => (a < b ? -1 : 1))
    if (name !== undefined && names.length === 0) throw unknown(name)
    yield { type: 'begun', count: names.length + 1 }
    const shared = await gatherShared(services, signal)
    yield { type: 'examined', findings: run(sharedChecks, shared) }
    const round = await roundOf(found, shared, signal)
    const ahead: Promise<Examined>[] = []
    for (const its of names) {
      const report = examineOne(found, round, its, signal)
      ahead.push(report.catch((error: unknown) => useless(its, toProblem(error).message, undefined)))
      if (ahead.length === atOnce) yield { type: 'examined', ...(await next(ahead, signal)) }
    }
    while (ahead.length > 0) yield { type: 'examined', ...(await next(ahead, signal)) }
  }

  async function examineAll(signal: AbortSignal): Promise<Examined[]> {
    const all: Examined[] = []
    for await (const it of examine(undefined, signal)) if (it.type === 'examined') all.push(it)
    return all
  }

  return {
    jobs: [fixing(services)],
    examine,
    diagnostics: signal => diagnostics({ ...services, examine: examineAll }, signal),
  }
}

const adoptIt = 'Adopt it to give it its own name, database, port and secrets. Until then it is left untouched.'

async function next(ahead: Promise<Examined>[], signal: AbortSignal): Promise<Examined> {
  const found = await ahead.shift()
  signal.throwIfAborted()
  if (!found) throw new Error('nothing is being examined')
  return found
}

/** While something changes it, everything else may be different in a moment. */
function judge(facts: InstanceFacts): Examined['findings'] {
  const isChanging = facts.operation && isMoving(facts.operation)
  const checks = isChanging ? instanceChecks.filter(it => it.id === 'operation') : instanceChecks
  return [{ check: 'config' as const, ...good }, ...run(checks, facts)]
}

const useless = (name: string, because: string, hint: string | undefined): Examined => ({
  name,
  findings: [{ check: 'config', ...wrong(because, { hint }) }],
})

const unknown = (name: string) =>
  problem({
    code: 'instance-unknown',
    message: `There is no instance “${name}”.`,
    hint: 'Run “instance-manager list” to list them.',
  })
