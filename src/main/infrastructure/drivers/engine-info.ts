/** Whether a container engine can run containers here. */
import { z } from 'zod'
import { problem } from '../../../shared/problem'
import { broken, explained, noUserIds } from './engine-problems'

export interface EngineInfo {
  /** e.g. `20.10.24` */
  readonly version: string
  /** Whether its containers run as the user, not as root. */
  readonly rootless: boolean
}

/** Asks the engine's command. @throws Problems `engine-…` */
type Ask = (...args: string[]) => Promise<string>

/** Podman's `info` would take ten times as long, as it also asks the package manager. @throws Problems `engine-…` */
export async function podmanInfo(ask: Ask): Promise<EngineInfo> {
  await ask('ps', '--quiet') // needs all that containers need
  const version = (await ask('version', '--format', '{{.Client.Version}}')).trim()
  const rootless = process.getuid?.() !== 0
  // The map contains the user itself and, if it has one, its range of further ids.
  if (rootless && (await ask('unshare', 'cat', '/proc/self/uid_map')).trim().split('\n').length < 2)
    throw problem(await noUserIds())
  return { version, rootless }
}

const dockerSchema = z.object({
  ServerVersion: z.string().nullish(),
  SecurityOptions: z.array(z.string()).nullish(),
  // With a format, older versions report a daemon that can't be reached here, and succeed.
  ServerErrors: z.array(z.string()).nullish(),
})

/** @param address of the daemon @throws Problems `engine-…` */
export async function dockerInfo(ask: Ask, address: () => string | undefined): Promise<EngineInfo> {
  const found = dockerSchema.parse(JSON.parse(await ask('info', '--format', '{{json .}}')))
  const errors = found.ServerErrors?.join('\n')
  if (errors || !found.ServerVersion) {
    const failed = problem({ code: 'command-failed', message: 'docker info failed.', details: errors })
    const reason = explained('docker', failed, address())
    throw reason === failed ? problem(broken('docker', errors)) : reason
  }
  return { version: found.ServerVersion, rootless: found.SecurityOptions?.includes('name=rootless') === true }
}
