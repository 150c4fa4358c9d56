/** Which packages npm's lock files name, and how two of them differ. */
import { join } from 'node:path'
import { z } from 'zod'
import type { PackageChange, PackageChanges } from '../../shared/rebuild-review'
import { readIfExists } from '../system/files'

/** Bytes. Ten thousand packages take 2 MB. */
export const maxLockFileBytes = 64 << 20

const names = z.record(z.string(), z.string()).optional()

/** Versions 2 and 3; version 1 (npm 6) has no `packages`. */
const lockFileSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      dependencies: names,
      devDependencies: names,
      optionalDependencies: names,
    }),
  ),
})

/** The lock file's text; undefined if the folder has none. npm prefers the first. */
export async function readLockFile(folder: string): Promise<string | undefined> {
  return (
    (await readIfExists(join(folder, 'npm-shrinkwrap.json'), maxLockFileBytes)) ??
    (await readIfExists(join(folder, 'package-lock.json'), maxLockFileBytes))
  )
}

interface Packages {
  /** Versions by name, of those that package.json names. */
  readonly direct: ReadonlyMap<string, string>
  /** All versions that are installed, by name. */
  readonly all: ReadonlyMap<string, string>
}

/** How the packages differ; undefined unless both are lock files of version 2 or 3. */
export function packageChanges(before: string | undefined, after: string | undefined): PackageChanges | undefined {
  const [old, now] = [before, after].map(it => (it === undefined ? undefined : packagesIn(it)))
  if (!old || !now) return undefined
  const direct = [...new Set([...old.direct.keys(), ...now.direct.keys()])].toSorted((a, b) => a.localeCompare(b, 'en'))
  const differs = (of: (it: Packages) => ReadonlyMap<string, string>) => (name: string) =>
    of(old).get(name) !== of(now).get(name)
  const others = [...new Set([...old.all.keys(), ...now.all.keys()])].filter(it => !direct.includes(it))
  return {
    direct: direct
      .filter(differs(it => it.direct))
      .map(name => changeOf(name, old.direct.get(name), now.direct.get(name))),
    transitive: others.filter(differs(it => it.all)).length,
  }
}

const changeOf = (name: string, from: string | undefined, to: string | undefined): PackageChange => ({
  name,
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
})

function packagesIn(text: string): Packages | undefined {
  const parsed = lockFileSchema.safeParse(jsonIn(text))
  if (!parsed.success) return undefined
  const { packages } = parsed.data
  const { dependencies, devDependencies, optionalDependencies } = packages[''] ?? {}
  const direct = Object.entries({ ...devDependencies, ...optionalDependencies, ...dependencies }).map(
    ([name, range]) => [name, packages[`node_modules/${name}`]?.version ?? range] as const,
  )
  const all = new Map<string, Set<string>>()
  for (const [path, { version }] of Object.entries(packages)) {
    const at = path.lastIndexOf('node_modules/')
    if (at < 0 || version === undefined) continue
    const name = path.slice(at + 'node_modules/'.length)
    all.set(name, (all.get(name) ?? new Set()).add(version))
  }
  return {
    direct: new Map(direct),
    all: new Map([...all].map(([name, versions]) => [name, [...versions].toSorted().join(', ')])),
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
