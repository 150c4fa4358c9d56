/** What a rebuild works with. */
import type { Manifest } from '../../../shared/workspace'
import type { Releases } from '../../releases/releases'
import type { Run } from '../../system/run'
import type { StepActions } from '../../operations/implement'
import type { RebuildPlan } from '../../../shared/jobs/rebuild'
import { instancePaths, type InstancePaths } from '../../workspace/paths'
import type { LifecycleServices } from '../lifecycle/target'
import type { Space } from '../space'
import type { Trash } from '../trash'

export interface RebuildServices extends LifecycleServices {
  readonly run: Run
  readonly node: { readonly path: string; readonly major: string }
  readonly releases: Releases
  readonly trash: Trash
  readonly space: Pick<Space, 'require'>
}

export type RebuildStep = StepActions<RebuildPlan>

export const pathsOf = (
  { paths }: Pick<RebuildServices, 'paths'>,
  { target, manifest }: { readonly target: { readonly name: string }; readonly manifest: Manifest },
): InstancePaths => instancePaths(paths, manifest, target.name)

/** The base application as the plan pins it. */
export const baseOf = ({ paths, node }: RebuildServices, { manifest, fingerprint }: RebuildPlan) => ({
  root: paths.root,
  nodeMajor: node.major,
  manifest,
  fingerprint,
})

/**
 * What belongs to the release that the instance has and to the one that it gets. Of an instance that has none of ours,
 * its packages; all else that the new release lacks is kept, since nobody knows whose it is.
 */
export async function releasedPaths(
  { releases }: Pick<RebuildServices, 'releases'>,
  { fingerprint, from }: RebuildPlan,
  present: readonly string[],
): Promise<ReadonlySet<string>> {
  const before =
    (from === undefined ? undefined : await releases.serverPaths(from)) ??
    present.filter(it => it === 'node_modules' || it.startsWith('node_modules/'))
  const after = (await releases.serverPaths(fingerprint)) ?? []
  return new Set([...before, ...after])
}
