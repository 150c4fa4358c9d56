/** Finds what was written into parts that instances share, and whose instances have it. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../../shared/workspace'
import type { Release } from './kept'
import type { PartName, Parts } from './parts'

export interface Damage {
  readonly part: PartName
  /** Where an instance has the part. */
  readonly folder: string
  /** Paths in it; at least one. */
  readonly files: readonly string[]
}

/** Damage to the release's shared parts. */
export async function damageOf(
  parts: Parts,
  { packages, build }: Release['parts'],
  { server, client }: Manifest,
  signal: AbortSignal,
): Promise<Damage[]> {
  const shared = [
    { part: packages, folder: server.folder },
    { part: build, folder: join(client.folder, client.output) },
  ]
  const found = await Promise.all(shared.map(async it => ({ ...it, files: await parts.damage(it.part, signal) })))
  return found.filter(it => it.files.length > 0)
}

/** One line. @param instances the instances' folder */
export async function describeDamage(parts: Parts, damage: Damage, instances: string): Promise<string> {
  const { folder, files } = damage
  const some = files.slice(0, 5).map(it => join(folder, it))
  const more = files.length > some.length ? ` and ${files.length - some.length} more` : ''
  const sharing = await sharingOf(parts, damage, instances)
  const theirs = sharing.length ? ` These instances have the changed files: ${sharing.join(', ')}.` : ''
  return `Something wrote into files that instances share: ${some.join(', ')}${more}. They will be made again.${theirs}\n`
}

/** Instances that share these very files. */
async function sharingOf(parts: Parts, { part, folder, files }: Damage, instances: string): Promise<string[]> {
  const inodeOf = (path: string): Promise<number | undefined> =>
    stat(path).then(
      it => it.ino,
      () => undefined,
    )
  const inodes = new Set(await Promise.all(files.map(it => inodeOf(join(parts.content(part), it)))))
  const names = (await readdir(instances).catch(() => [])).filter(it => !it.startsWith('.'))
  const shares = await Promise.all(
    names.map(async name =>
      (await Promise.all(files.map(it => inodeOf(join(instances, name, folder, it))))).some(
        it => it !== undefined && inodes.has(it),
      ),
    ),
  )
  return names.filter((_, index) => shares[index])
}
