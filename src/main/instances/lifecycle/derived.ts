/**
 * Checks an unfinished job's plan against what follows from the instance's name: a path in a journal is never simply
 * obeyed.
 */
import { join } from 'node:path'
import type { Manifest } from '../../../shared/workspace'
import { readManifest } from '../../workspace/base'
import { instancePaths, type WorkspacePaths } from '../../workspace/paths'
import type { Target } from '../../../shared/jobs/target'

/** The subject of every job on an instance. Lower case, because names must differ by more than case. */
export const subjectOf = (name: string): string => name.toLowerCase()

/** The instance as jobs see it. @param name a valid name */
export function targetOf(paths: WorkspacePaths, manifest: Manifest, name: string, port: number): Target {
  const { server } = instancePaths(paths, manifest, name)
  return { name, port, cwd: server, script: join(server, manifest.server.entry) }
}

/** The first value that isn't as it should be, as a sentence; undefined if all are. */
export function difference(
  found: Readonly<Record<string, unknown>>,
  due: Readonly<Record<string, unknown>>,
): string | undefined {
  const key = Object.keys(due).find(it => found[it] !== due[it])
  return key && `${key} is ${JSON.stringify(found[key])} and should be ${JSON.stringify(due[key])}.`
}

/**
 * Checks that the subject and every target in a plan follow from their names and the current manifest. The first target
 * is the job's instance. @returns what differs, as a sentence
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
