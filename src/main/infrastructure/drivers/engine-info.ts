/** What `info` says about a container engine. */
import { z } from 'zod'
import { problem } from '../../../shared/problem'
import { broken, explained, noUserIds, type EngineKind } from './engine-problems'

export interface EngineInfo {
  /** e.g. `20.10.24` */
  readonly version: string
  /** Whether its containers run as the user, not as root. */
  readonly rootless: boolean
}

const podmanSchema = z.object({
  version: z.object({ Version: z.string() }),
  host: z.object({
    security: z.object({ rootless: z.boolean() }),
    idMappings: z.object({ uidmap: z.array(z.unknown()).nullish() }).nullish(),
  }),
})

const dockerSchema = z.object({
  ServerVersion: z.string().nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  // With a format, older versions report a daemon that can't be reached here, and succeed.
  ServerErrors: z.array(z.string()).nullish(),
})

/**
 * @param output of `info --format '{{json .}}'`. The command `docker` may be Podman's.
 * @throws Problems `engine-…` if no container could run
 */
export async function readInfo(kind: EngineKind, output: string, address: string): Promise<EngineInfo> {
  const found = z.union([podmanSchema, dockerSchema]).parse(JSON.parse(output))
  if ('host' in found) {
    const { security, idMappings } = found.host
    // Mapped are the user itself and, if it has one, its range of further ids.
    if (security.rootless && (idMappings?.uidmap?.length ?? 0) < 2) throw problem(await noUserIds())
    return { version: found.version.Version, rootless: security.rootless }
  }
  const said = found.ServerErrors?.join('\n')
  if (said || !found.ServerVersion) {
    const failed = problem({ code: 'command-failed', message: 'docker info failed.', details: said })
    const reason = explained(kind, failed, address)
    throw reason === failed ? problem(broken(kind, said)) : reason
  }
  return { version: found.ServerVersion, rootless: found.SecurityOptions?.includes('name=rootless') === true }
}
