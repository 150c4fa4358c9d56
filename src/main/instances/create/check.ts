/** Looks for what would be refused in a list of instances to create, before any of them is created. */
import { toProblem } from '../../../shared/problem'
import { readManifest } from '../../workspace/base'
import { describeHolder } from '../ports'
import { requireFreeName } from './plan'
import type { CreateServices } from './services'

/** What is wrong with an instance's name and port; empty if nothing is. */
export interface CreationFaults {
  readonly name?: string
  readonly port?: string
}

/** In their order. Instances and processes are read once for all. @param items `port` absent: one will be chosen */
export async function checkCreations(
  { configs, processes, ports, paths }: Pick<CreateServices, 'configs' | 'processes' | 'ports' | 'paths'>,
  items: readonly { readonly name: string; readonly port?: number }[],
): Promise<CreationFaults[]> {
  const manifest = await readManifest(paths.root)
  const [found, running] = await Promise.all([configs(manifest), processes.list()])
  const known = { configs: () => Promise.resolve(found), processes: { list: () => Promise.resolve(running) } }
  const faults: CreationFaults[] = []
  for (const { name, port } of items) {
    const wrong = await requireFreeName(known, name, manifest).then(
      () => undefined,
      (error: unknown) => toProblem(error).message,
    )
    const holders = port === undefined ? [] : (await ports.check(port)).holders
    faults.push({
      ...(wrong !== undefined && { name: wrong }),
      ...(holders.length > 0 && { port: `Taken: ${holders.map(describeHolder).join(', ')}.` }),
    })
  }
  return faults
}
