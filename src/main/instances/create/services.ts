/** The services that a creation uses. */
import type { PortCheck } from '../../../shared/ports'
import type { Manifest } from '../../../shared/workspace'
import type { Databases } from '../../infrastructure/databases'
import type { Infrastructure } from '../../infrastructure/infrastructure'
import type { Processes } from '../../processes/client'
import type { Releases } from '../../releases/releases'
import type { Run } from '../../system/run'
import type { WorkspacePaths } from '../../workspace/paths'
import type { Secrets } from '../../workspace/secrets'
import type { SettingsFile } from '../../workspace/settings'
import type { Configs } from '../configs'
import type { Desired } from '../desired'
import type { Space } from '../space'
import type { InstancePools } from '../pooled'

export interface CreateServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  /** A real Node (never Electron) and its major version, e.g. `20`. */
  readonly node: { readonly path: string; readonly major: string }
  /** `Product.directorScript` */
  readonly directorScript: string
  readonly releases: Releases
  readonly databases: Databases
  readonly infrastructure: Pick<Infrastructure, 'status' | 'server' | 'throughPool' | 'resizePools'>
  readonly processes: Processes
  readonly pools: InstancePools
  readonly desired: Desired
  readonly secrets: Secrets
  readonly settings: SettingsFile
  readonly ports: { suggest(): Promise<number>; check(port: number): Promise<PortCheck> }
  readonly space: Pick<Space, 'require'>
  readonly configs: (manifest: Manifest) => Promise<Configs>
}
