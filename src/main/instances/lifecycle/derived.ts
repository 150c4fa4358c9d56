/**
 * What follows from an instance's name, checked against what an unfinished job's plan says: a path in a journal is
 * never obeyed.
 */
import { join } from 'node:path'
import type { Manifest } from '../../../shared/workspace'
import { readManifest } from '../../workspace/base'
import { instancePaths, type WorkspacePaths } from '../../workspace/paths'
import type { Target } from '../../../shared/jobs/target'

/** The subject of every job on an instance: names differ by more than case. */
export const subjectOf = (name: string): string => name.toLowerCase()

/** How jobs name an instance. @param name a valid one */
export function targetOf(paths: WorkspacePaths, manifest: Manifest, name: string, port: number): Target {
  const { server } = instancePaths(paths, manifest, name)
  return { name, port, cwd: server, script: join(server, manifest.server.entry) }
}

/** The first value that is not as it should be, as a sentence; undefined if all are. */
export function difference(
  found: Readonly<Record<string, unknown>>,
  due: Readonly<Record<string, unknown>>,
): string | undefined {
  const key = Object.keys(due).find(it => found[it] !== due[it])
  return key && `${key} is ${JSON.stringify(found[key])} and should be ${JSON.stringify(due[key])}.`
}

/**
 * Whether the subject and every instance that a plan names are as their names and the present manifest give. The first
 * is whom the job is about.
 */
export async function targetContradiction(
  { paths }: { readonly paths: WorkspacePaths },
  subject: string,
  ...targets: readonly [Target, ...Target[]]
): Promise<string | undefined> {
  const manifest = await readManifest(paths.root)
  const wrong = targets
    .map(it => difference(it, targetOf(paths, manifest, it.name, it.port)))
    .find(it => it !== undefined)
  return difference({ subject }, { subject: subjectOf(targets[0].name) }) ?? wrong
}
