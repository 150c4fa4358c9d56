/**
 * Brings the base application's code into an instance: prepared and tried beside the code that runs, exchanged by
 * renaming folders, taken back by itself if it isn't healthy.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { z } from 'zod'
import { rebuildJob, type RebuildPlan } from '../../shared/jobs/rebuild'
import { problem } from '../../shared/problem'
import type { Manifest } from '../../shared/workspace'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { bytesNeeded } from '../releases/estimate'
import { pathsBelow } from '../releases/tree'
import { makeFolder, readIfExists } from '../system/files'
import { baseFiles, requireWorkspace } from '../workspace/base'
import { fingerprint } from '../workspace/fingerprint'
import { instancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { isSeamless } from './lifecycle/reload'
import { findOwn, isRunning } from './lifecycle/target'
import { makeReplaced, removeReplaced } from './rebuild/exchange'
import { removeSafely } from './rebuild/own-files'
import { pathsOf, type RebuildServices } from './rebuild/services'
import { exchangeSteps } from './rebuild/steps'

type RebuildStep = StepActions<RebuildPlan>

export const rebuilding = (services: RebuildServices): AnyOperation =>
  implement(rebuildJob, {
    plan: input => planRebuild(services, input),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'prepare-release': prepareRelease(services),
      'fill-slot': fillSlot(services),
      ...exchangeSteps(services, true),
    },
  })

/** @throws Problem `instance-unknown`, `instance-foreign`, `base-changed`, `schema-changed`, `disk-space` */
async function planRebuild(
  services: RebuildServices,
  { name, release }: z.output<typeof rebuildJob.input>,
): Promise<RebuildPlan> {
  const { root } = services.paths
  await requireWorkspace(root)
  const { target, config, manifest } = await findOwn(services, name)
  await requireSameSchema(services, name, manifest)
  const plan: RebuildPlan = {
    token: randomUUID(),
    target,
    ran: await isRunning(services, target),
    seamless: (config.seamless && (await isSeamless(services, target))) || undefined,
    manifest,
    fingerprint: await fingerprint(root, manifest, services.node.major),
    from: config.release,
  }
  if (release !== undefined && release !== plan.fingerprint)
    throw problem({
      code: 'base-changed',
      message: `“${name}” wasn’t rebuilt: the base application has changed meanwhile.`,
      hint: 'Look at the changes, then rebuild again.',
    })
  await services.space.require('a rebuild', await bytesNeeded(services.releases.kept, { root, ...plan }), true)
  return plan
}

/** The database keeps its schema, so code that expects another one can't work. */
async function requireSameSchema({ paths }: RebuildServices, name: string, manifest: Manifest): Promise<void> {
  const { folder } = instancePaths(paths, manifest, name)
  const schemas = (await baseFiles(paths.root, manifest)).filter(
    it => it.startsWith(`${manifest.server.folder}/`) && it.endsWith('.prisma'),
  )
  for (const it of schemas) {
    const [base, own] = await Promise.all([paths.root, folder].map(root => readIfExists(join(root, it))))
    if (own !== undefined && base !== own)
      throw problem({
        code: 'schema-changed',
        message: `“${name}” can’t be rebuilt: the base application’s database schema has changed.`,
        cause: `${it} differs from the instance’s.`,
        hint: 'A rebuild exchanges code only. Create a new instance from this base application.',
      })
  }
}

const baseOf = ({ paths, node }: RebuildServices, { manifest, fingerprint: pinned }: RebuildPlan) => ({
  root: paths.root,
  nodeMajor: node.major,
  manifest,
  fingerprint: pinned,
})

/** A release stays, for the next instance. */
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
    const after = await pathsBelow(services.run, next.server, signal)
    await makeReplaced(paths, [...(await pathsOfOld(services, plan, signal)), ...after])
  },
  verify: () => Promise.resolve(false), // half of a copy looks like a whole one
  async undo({ plan }) {
    const paths = pathsOf(services, plan)
    await removeSafely(services.run, paths.slots.next.folder)
    await removeReplaced(paths)
  },
})

/**
 * What belongs to the release that the instance has. Of code that the replaced tool placed only the packages are known;
 * whatever else the new release lacks is kept, for it may be the instance's.
 */
async function pathsOfOld(
  { releases, run, ...services }: RebuildServices,
  plan: RebuildPlan,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const known = plan.from === undefined ? undefined : await releases.kept.serverPaths(plan.from)
  if (known) return known
  const present = await pathsBelow(run, pathsOf(services, plan).server, signal)
  return present.filter(it => it === 'node_modules' || it.startsWith('node_modules/'))
}
