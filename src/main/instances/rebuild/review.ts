/**
 * What the operator sees before a rebuild. Only reads: needs no PostgreSQL, and runs none of the application's code.
 */
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { Operations } from '../../operations/engine'
import { bytesNeeded } from '../../releases/estimate'
import { requireWorkspace } from '../../workspace/base'
import { findInstance, type LifecycleServices } from '../lifecycle/target'
import type { Roster } from '../roster'
import type { Space } from '../space'
import { gaps } from './gap'
import { newKeys } from './new-settings'
import { codeChanges, instanceBefore, releaseBefore } from './review-changes'
import { whatStays, type StaysServices } from './review-stays'
import { expectedTime } from './review-time'

export interface ReviewServices extends StaysServices, Pick<LifecycleServices, 'paths' | 'configs' | 'processes'> {
  readonly space: Pick<Space, 'disk'>
  readonly operations: Pick<Operations, 'list'>
  readonly baseFingerprint: Roster['baseFingerprint']
}

/** @throws Problem `instance-unknown`, `workspace-unusable`; the signal's reason */
export async function reviewRebuild(
  services: ReviewServices,
  name: string,
  signal?: AbortSignal,
): Promise<RebuildReview> {
  const {
    paths: { root },
    releases: { kept },
  } = services
  await requireWorkspace(root)
  const { config, manifest, paths, target } = await findInstance(services, name)
  const { release: its } = config
  const own = async () => {
    const stays = await whatStays(services, manifest, paths, its, signal)
    return { stays, env: await newKeys(root, manifest, stays.keys) }
  }
  const code = async () => {
    const base = await services.baseFingerprint()
    const upToDate = base === its
    const release = its === undefined ? undefined : await kept.whole(its)
    const before = release ? releaseBefore(kept, release) : instanceBefore(config, paths)
    const [changes, needed, prepared, releases] = await Promise.all([
      upToDate ? { schema: [] } : codeChanges({ root, run: services.run, manifest, signal }, before),
      bytesNeeded(kept, { root, manifest, fingerprint: base }),
      kept.has(base),
      kept.list(),
    ])
    const expected = expectedTime(services.operations.list(), releases, prepared)
    return {
      its: { base, upToDate, changes, behind: config.schemaBehind === true, prepared, ...(expected && { expected }) },
      needed,
    }
  }
  const [found, { its: review, needed }, { free, reserve }, gapOf] = await Promise.all([
    own(),
    code(),
    services.space.disk(),
    gaps(services),
  ])
  signal?.throwIfAborted()
  return {
    name,
    ...(its !== undefined && { release: its }),
    ...review,
    ...found,
    disk: { needed, free, reserve },
    gap: await gapOf(target, config),
  }
}
