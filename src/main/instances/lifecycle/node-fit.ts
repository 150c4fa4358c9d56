/**
 * Whether an instance's packages work on the Node.js that it would be started on. They were installed with its release,
 * and after an upgrade of Node.js the current one may have another major version.
 */
import { join } from 'node:path'
import { enumerate } from '../../../shared/amounts'
import type { InstanceConfig } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { Releases } from '../../releases/releases'
import { packagesForOthers } from '../../releases/native'
import type { Run } from '../../system/run'

export interface NodeFitServices {
  readonly node: { readonly path: string; readonly major: string }
  readonly releases: Pick<Releases, 'kept'>
  readonly run: Run
}

/** @param server its folder @throws Problem `node-changed` */
export async function requireNodeFits(
  { node, releases, run }: NodeFitServices,
  { name, release }: Pick<InstanceConfig, 'name' | 'release'>,
  server: string,
): Promise<void> {
  const major = release === undefined ? undefined : await releases.kept.nodeMajorOf(release)
  if (major === undefined || major === node.major) return
  const abi = (await run(node.path, ['--print', 'process.versions.modules'], { timeout: 10_000 })).trim()
  const unfit = await packagesForOthers(run, join(server, 'node_modules'), abi)
  if (unfit.length === 0) return
  throw problem({
    code: 'node-changed',
    message: `“${name}” can’t run on Node.js ${node.major}.`,
    cause: `It has packages that were compiled for Node.js ${major}: ${enumerate(unfit)}.`,
    hint: `Rebuild it, which installs them for Node.js ${node.major}. Or choose a Node.js ${major} in the settings.`,
  })
}
