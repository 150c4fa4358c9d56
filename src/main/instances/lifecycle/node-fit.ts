/**
 * Whether an instance's packages work on the Node.js that it would be started on. They were installed with its release,
 * and after an upgrade of Node.js the current one may have another major version.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { enumerate } from '../../../shared/amounts'
import type { InstanceConfig } from '../../../shared/instance'
import { problem } from '../../../shared/problem'
import type { AnyOperation } from '../../operations/operation'
import type { Releases } from '../../releases/releases'
import { packagesForOthers } from '../../releases/native'
import type { Run } from '../../system/run'
import { findInstance, type LifecycleServices } from './target'

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

/** For a job that stops a running instance and starts it again: it isn't begun if the instance couldn't be started. */
export const withNodeFit = (
  services: NodeFitServices & Pick<LifecycleServices, 'paths' | 'configs'>,
  operation: AnyOperation,
): AnyOperation => ({
  ...operation,
  async plan(input) {
    const plan = await operation.plan(input)
    const { ran, restarts } = startsSchema.parse(plan)
    if (ran || restarts) {
      const { config, target } = await findInstance(services, namedSchema.parse(input).name)
      await requireNodeFits(services, config, target.cwd)
    }
    return plan
  },
})

const namedSchema = z.looseObject({ name: z.string() })
/** Whether it starts the instance: as its plan calls it. */
const startsSchema = z.looseObject({ ran: z.boolean().optional(), restarts: z.boolean().optional() })
