/**
 * Brings the base application's code into an instance: prepared and tried beside the running code, exchanged by
 * renaming folders, and undone automatically if it isn't healthy.
 */
import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import { rebuildJob, type RebuildPlan } from '../../shared/jobs/rebuild'
import { problem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { bytesNeeded } from '../releases/estimate'
import { pathsBelow } from '../releases/tree'
import { makeFolder } from '../system/files'
import { requireWorkspace } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import { targetContradiction } from './lifecycle/derived'
import { isSeamless } from './lifecycle/reload'
import { findOwn, isRunning } from './lifecycle/target'
import type { ManyServices } from './many'
import { makeReplaced, removeReplaced } from './rebuild/exchange'
import { removeSafely } from './rebuild/own-files'
import { keysToTake } from './rebuild/new-settings'
import { rehearseChange } from './rebuild/rehearse'
import { requireExchangeable } from './rebuild/refuse'
import { planMove, schemaDiffers, schemaFiles } from './rebuild/schema'
import { pathsOf, type RebuildServices } from './rebuild/services'
import { exchangeSteps } from './rebuild/steps'

type RebuildStep = StepActions<RebuildPlan>

export const rebuilding = (services: RebuildServices & Pick<ManyServices, 'bringUpFor'>): AnyOperation =>
  implement(rebuildJob, {
    plan: input => planRebuild(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    ready: ({ target }) => services.bringUpFor([target.name]),
    steps: {
      'prepare-release': prepareRelease(services),
      'fill-slot': fillSlot(services),
      'rehearse-schema': rehearseChange(services),
      ...exchangeSteps(services, rebuildJob.kind),
    },
  })

/**
 * @throws Problem `instance-unknown`, `instance-foreign`, `base-changed`, `env-key-unknown`, `exchange-abandoned`,
 * `instance-mounts`, `schema-files`, `postgres-unreachable`, `disk-space`
 */
async function planRebuild(
  services: RebuildServices,
  { name, release, schema, env }: z.output<typeof rebuildJob.input>,
): Promise<RebuildPlan> {
  const { root } = services.paths
  await requireWorkspace(root)
  const { target, config, manifest, paths } = await findOwn(services, name)
  await requireExchangeable(name, paths, config.previous !== undefined)
  if (schema) await schemaFiles(services, manifest, paths)
  const move = schema && (await planMove(services, config))
  const plan: RebuildPlan = {
    token: randomUUID(),
    target,
    ran: await isRunning(services, target),
    // the schema changes while the instance is stopped
    seamless: (!schema && config.seamless && (await isSeamless(services, target))) || undefined,
    manifest,
    fingerprint: await fingerprint(root, manifest, services.node.major),
    from: config.release,
    push: schema && { ...schema, id: randomUUID() },
    moves: move?.moves,
    behind: (!schema && (config.schemaBehind || (await schemaDiffers(services, manifest, paths)))) || undefined,
    wasBehind: config.schemaBehind,
    env: env && (await keysToTake(root, manifest, paths, env)),
  }
  if (release !== undefined && release !== plan.fingerprint)
    throw problem({
      code: 'base-changed',
      message: `“${name}” wasn’t rebuilt: the base application has changed in the meantime.`,
      hint: 'Review the changes, then rebuild again.',
    })
  const bytes = await bytesNeeded(services.releases.kept, { root, ...plan })
  await services.space.require('a rebuild', bytes + (move?.bytes ?? 0), true)
  return plan
}

const baseOf = ({ paths, node }: RebuildServices, { manifest, fingerprint: pinned }: RebuildPlan) => ({
  root: paths.root,
  nodeMajor: node.major,
  manifest,
  fingerprint: pinned,
})

/** Not undone: the next instance can use the release. */
const prepareRelease = (services: RebuildServices): RebuildStep => ({
  do: ({ plan, signal, report, output }) =>
    services.releases.prepare(baseOf(services, plan), { signal, report, output }),
  verify: ({ plan }) => services.releases.kept.has(plan.fingerprint),
})

const fillSlot = (services: RebuildServices): RebuildStep => ({
  async do({ plan, signal, report, output }) {
    const paths = pathsOf(services, plan)
    const { next } = paths.slots
    await removeSafely(services.run, next.folder)
    await makeFolder(next.folder)
    await services.releases.place(baseOf(services, plan), next.folder, { signal, report, output })
    const after = await pathsBelow(services.run, next.server, { signal })
    await makeReplaced(paths, plan.manifest, [...(await pathsOfOld(services, plan, signal)), ...after])
  },
  verify: () => Promise.resolve(false), // half a copy looks like a whole one
  async undo({ plan }) {
    const paths = pathsOf(services, plan)
    await removeSafely(services.run, paths.slots.next.folder)
    await removeReplaced(paths)
  },
})

/**
 * What belongs to the instance's release. If the older command line tool placed the code, only the packages are known;
 * anything else that the new release lacks is kept, since it may be the instance's own.
 */
async function pathsOfOld(
  { releases, run, ...services }: RebuildServices,
  plan: RebuildPlan,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = plan.from === undefined ? undefined : await releases.kept.serverPaths(plan.from)
  if (known) return known
  const present = await pathsBelow(run, pathsOf(services, plan).server, { signal })
  return present.filter(it => it === 'node_modules' || it.startsWith('node_modules/'))
}
