/** What a rebuild and a rollback work with. */
import type { ExchangePlan, rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import type { StepActions } from '../../operations/implement'
import type { Databases } from '../../infrastructure/databases'
import type { Infrastructure } from '../../infrastructure/infrastructure'
import type { Releases } from '../../releases/releases'
import type { Copies } from '../../schema/copies'
import type { Schemas } from '../../schema/schemas'
import { instancePaths, type InstancePaths } from '../../workspace/paths'
import type { LifecycleServices } from '../lifecycle/target'
import type { SmokeServices } from '../smoke/run'
import type { Space } from '../space'
import type { Trash } from '../trash'

export interface RebuildServices extends LifecycleServices, SmokeServices {
  readonly node: { readonly path: string; readonly major: string }
  readonly releases: Releases
  readonly infrastructure: Pick<Infrastructure, 'server' | 'driver' | 'throughPool'>
  readonly databases: Pick<Databases, 'usage'>
  readonly schemas: Schemas
  readonly copies: Copies
  readonly trash: Trash
  readonly space: Pick<Space, 'require'>
}

/** The jobs that exchange an instance's code: for new code, or for its previous code. */
export type Exchange = (typeof rebuildJob | typeof rollbackJob)['kind']

/** A step shared by both jobs. */
export type ExchangeStep = StepActions<ExchangePlan>

export const pathsOf = (
  { paths }: Pick<RebuildServices, 'paths'>,
  { target, manifest }: Pick<ExchangePlan, 'target' | 'manifest'>,
): InstancePaths => instancePaths(paths, manifest, target.name)
