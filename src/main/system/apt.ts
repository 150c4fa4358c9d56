/** What apt knows. Only asked: needs neither root nor a network. */
import { stat } from 'node:fs/promises'
import { baseEnvironment } from './environment'
import { createRun, inBackground } from './run'

export interface AptPolicy {
  readonly installed: string
  /** What apt would install: the installed version, unless a source has one that it prefers. */
  readonly candidate: string
}

/** Milliseconds; without its cache, which only root may write, apt reads all lists first. */
const limit = 30_000

/** @returns undefined if the package isn't installed, or there is no apt that can be asked @throws the signal's reason */
export async function aptPolicy(name: string, signal: AbortSignal): Promise<AptPolicy | undefined> {
  const run = inBackground(createRun('apt'))
  const env = { ...baseEnvironment(), LC_ALL: 'C' }
  try {
    return policyIn(await run('apt-cache', ['policy', name], { env, timeout: limit, signal }), name)
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

/** @param output of `apt-cache policy`, in the C locale */
export function policyIn(output: string, name: string): AptPolicy | undefined {
  // The characters of a version are Debian's policy, section 5.6.12.
  const version = String.raw`([0-9A-Za-z][0-9A-Za-z.+~:-]{0,99})`
  const [, installed, candidate] =
    new RegExp(String.raw`^${name}:\n {2}Installed: ${version}\n {2}Candidate: ${version}\n`).exec(output) ?? []
  return installed === undefined || candidate === undefined ? undefined : { installed, candidate }
}

/** Changes whenever apt's answers may have changed. */
export async function aptState(): Promise<string> {
  const changed = await Promise.all(
    ['/var/lib/apt/lists', '/var/lib/dpkg/status', '/etc/apt/sources.list.d'].map(it =>
      stat(it).then(
        found => found.mtimeMs,
        () => 0,
      ),
    ),
  )
  return changed.join()
}
