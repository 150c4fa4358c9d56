/**
 * Rebuilds several instances with one release, the canary first. Each rebuild is a separate operation, which claims,
 * rolls back and recovers on its own; after the first failure, no more are started.
 */
import { failureIn, fleetJob, fleetOf, notBegun, type FleetPlan } from '../../shared/jobs/fleet'
import { rebuildJob } from '../../shared/jobs/rebuild'
import { planOf, whyNotDone } from '../../shared/jobs/words'
import { isOpen } from '../../shared/operation'
import { toProblem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import type { Releases } from '../releases/releases'
import { readManifest, requireWorkspace } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import { interruptFor } from './interrupt'
import { findOwn, type LifecycleServices } from './lifecycle/target'
import type { Roster } from './roster'
import { begunAlready, bringUpStep, type ManyServices } from './many'

interface FleetServices extends ManyServices, Pick<LifecycleServices, 'paths' | 'configs' | 'ownership'> {
  readonly releases: Pick<Releases, 'prepare' | 'kept'>
  readonly node: { readonly major: string }
}

/**
 * Instances whose code isn't the base application's current code: of another release, or placed by the older command
 * line tool. Copies can't be rebuilt, so they aren't counted.
 */
export async function outdatedInstances({
  configs,
  baseFingerprint,
}: Pick<Roster, 'configs' | 'baseFingerprint'>): Promise<string[]> {
  const [base, { configs: all, foreign }] = await Promise.all([baseFingerprint(), configs()])
  const own = all.filter(it => !foreign.has(it.name))
  return own.filter(it => it.release !== base).map(it => it.name)
}

export const fleetRebuilding = (services: FleetServices): AnyOperation =>
  implement(fleetJob, {
    async plan({ canary, names, atOnce, answers, ...options }) {
      const { root } = services.paths
      await requireWorkspace(root)
      const manifest = await readManifest(root)
      const keys = [canary, ...names].map(things.instance)
      return {
        canary,
        names: names.filter((_, index) => keys.indexOf(keys[index + 1] ?? '') === index + 1), // each once
        atOnce,
        options,
        answers,
        since: new Date().toISOString(),
        manifest,
        fingerprint: await fingerprint(root, manifest, services.node.major),
      }
    },
    ready: plan => services.bringUpFor(fleetOf(plan)),
    steps: {
      'bring-up': bringUpStep(services, fleetOf),
      'prepare-release': prepareRelease(services),
    },
    instance: name => ofInstance(services, name),
  })

const prepareRelease = ({ releases, paths, node }: FleetServices): StepActions<FleetPlan> => ({
  do: ({ plan: { manifest, fingerprint: pinned }, signal, report, output }) =>
    releases.prepare(
      { root: paths.root, nodeMajor: node.major, manifest, fingerprint: pinned },
      { signal, report, output },
    ),
  verify: ({ plan }) => releases.kept.has(plan.fingerprint),
})

const ofInstance = (services: FleetServices, name: string): StepActions<FleetPlan> => ({
  async do({ plan, signal }) {
    const { operations } = services
    const own = operations.list().find(it => it.kind === fleetJob.kind && isOpen(it)) // there is never another
    const failure = own && failureIn(plan, own)
    if (failure) return { problem: notBegun(name, failure.name) }
    try {
      const { since, fingerprint: release, options, answers } = plan
      // any rebuild with this release, whoever started it
      const rebuilds = operations.list().filter(it => planOf(rebuildJob, it)?.fingerprint === release)
      let operation = begunAlready(rebuilds, rebuildJob.kind, since, name)
      if (operation === undefined) {
        const { config } = await findOwn(services, name)
        const asked = { ...options, schema: answers && Object.hasOwn(answers, name) ? answers[name] : options.schema }
        const asksMore = Object.values(asked).some(it => it !== undefined)
        if (config.release === release && !asksMore) return {} // it has this code already
        await interruptFor(operations, rebuildJob.kind, name, signal)
        operation = await operations.start(rebuildJob.kind, { name, release, ...asked })
      }
      // a stuck operation waits for the operator
      return { operation, problem: whyNotDone(await operations.rested(operation, signal)) }
    } catch (error) {
      signal.throwIfAborted()
      return { problem: toProblem(error) }
    }
  },
  verify: () => Promise.resolve(false), // `do` looks for its operation
})
