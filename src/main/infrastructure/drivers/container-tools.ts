/** Runs programs inside a service's container, with streams. */
import { randomUUID } from 'node:crypto'
import { baseEnvironment } from '../../system/environment'
import type { Started } from '../../system/run'
import type { SecretStore } from '../secrets'
import type { Service } from '../services/service'
import type { ToolOptions } from './driver'
import type { ContainerEngine } from './container-engine'

/** An environment variable that identifies one program inside a container, so that it can be found and killed. */
const toolMarker = 'INSTANCE_MANAGER_TOOL'

/** Kills processes with the marker $1. Otherwise a program would survive when the engine's command is killed. */
const killScript = `for it in /proc/[0-9]*; do
  if tr '\\0' '\\n' < "$it/environ" 2>/dev/null | grep -qxF "$1"; then kill -9 "\${it#/proc/}"; fi
done`

interface ToolServices {
  readonly engine: ContainerEngine
  readonly secrets: SecretStore
  /** Our commands' marker, by which `sweep` finds programs left behind by a crash. */
  readonly mark: string
}

/** @param container the service's running container */
export async function startInside(
  { engine, secrets, mark }: ToolServices,
  container: string,
  service: Service,
  [file, ...args]: readonly [string, ...string[]],
  { env = {}, secrets: hidden = [], ...options }: ToolOptions,
): Promise<Started> {
  const client = await service.client?.({ host: '127.0.0.1', port: service.container.port }, secrets)
  const given = { ...client?.env, ...env }
  const tool = `${toolMarker}=${randomUUID()}`
  // Only names: the engine's command takes the values from its own environment, where no other user can see them.
  const names = [...Object.keys(given), mark, tool].flatMap(it => ['--env', it])
  return engine.start(['exec', '-i', ...names, container, file, ...args], {
    ...options,
    name: file,
    env: { ...baseEnvironment(), ...given },
    secrets: [...hidden, ...(client?.secrets ?? [])],
    beforeKill: () => engine.call(['exec', container, 'sh', '-c', killScript, 'sh', tool], { timeout: 10_000 }),
  })
}
