/** What differs between several instances before they are rebuilt. Reads a few small files of each. */
import { parse } from 'dotenv'
import type { FleetMember } from '../../../shared/rebuild-review'
import { readIfExists } from '../../system/files'
import { mapLimited } from '../../system/map-limited'
import { requireWorkspace } from '../../workspace/base'
import { findInstance, type LifecycleServices } from '../lifecycle/target'
import { gaps, type GapServices } from './gap'
import { newKeys } from './new-settings'
import { schemaDiffers } from './schema'

/** Instances that are looked at together. */
const atOnce = 8

/** @throws Problem `instance-unknown`, `workspace-unusable`; the signal's reason */
export async function reviewFleet(
  services: GapServices & Pick<LifecycleServices, 'paths' | 'configs'>,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<FleetMember[]> {
  const { root } = services.paths
  await requireWorkspace(root)
  const gapOf = await gaps(services)
  return await mapLimited(names, atOnce, async name => {
    signal?.throwIfAborted()
    const { config, manifest, paths, target } = await findInstance(services, name)
    const { release, schemaBehind } = config
    const { offered } = await newKeys(root, manifest, Object.keys(parse((await readIfExists(paths.env)) ?? '')))
    return {
      name,
      ...(release !== undefined && { release }),
      moves: schemaBehind === true || (await schemaDiffers(services, manifest, paths)),
      offered,
      gap: await gapOf(target, config),
    }
  })
}
