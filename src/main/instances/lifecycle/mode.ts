/** How PM2 should run an instance. */
import { join } from 'node:path'
import { parse } from 'dotenv'
import type { NewProcess, Processes } from '../../processes/client'
import { readIfExists } from '../../system/files'
import { readInstanceConfig } from '../../workspace/instance-config'
import type { WorkspacePaths } from '../../workspace/paths'
import { runAs } from '../system-user/identity'

export interface ModeServices {
  readonly paths: WorkspacePaths
  readonly processes: Pick<Processes, 'misfit'>
}

/**
 * If PM2's daemon can't run a seamless instance in cluster mode, the instance runs in fork mode: a gap at its next
 * rebuild is better than no instance.
 * @throws Problem `system-user-missing`, `system-user-foreign`, `file-corrupt`
 */
export async function modeOf(
  services: ModeServices,
  target: { readonly name: string; readonly cwd: string },
  report?: (progress: { text: string }) => void,
): Promise<Pick<NewProcess, 'user' | 'seamless'>> {
  const user = await runAs(services.paths, target.name)
  if (user) return { user }
  const config = await readInstanceConfig(join(services.paths.instances, target.name, 'config.json'))
  if (!config?.seamless) return {}
  const reason = await misfitOf(services, target)
  if (reason === undefined) return { seamless: true }
  report?.({ text: `Rebuilds can’t be seamless with the running PM2 daemon. ${reason}` })
  return {}
}

/** Why PM2's daemon can't run an instance in cluster mode. */
export const misfitOf = async (
  { processes }: Pick<ModeServices, 'processes'>,
  { cwd }: { readonly cwd: string },
): Promise<string | undefined> => processes.misfit(parse((await readIfExists(join(cwd, '.env'))) ?? ''))
