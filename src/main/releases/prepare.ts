/** Prepares a release: makes the parts that are missing, then the release that names them. */
import { join } from 'node:path'
import { makePrivateFolder } from '../system/files'
import type { Run } from '../system/run'
import { headCommit } from '../workspace/git'
import { makePart, type Progress, type Workshop } from './build'
import { copyBase, type PinnedBase } from './copy-base'
import type { KeptReleases } from './kept'
import { readLockFile } from './lock-files'
import { hasLockFile, recipesOf, type Recipe } from './recipes'

export interface ReleaseOptions {
  readonly signal: AbortSignal
  readonly report: (progress: { text: string; fraction?: number }) => void
  readonly output: (chunk: string) => void
}

/** Where parts are made. Always the same folder: caches of build tools contain absolute paths. */
const workshopFolder = '.workshop'

/** Commands of a full preparation: install and generate, install and build. */
const commandCount = 4

/**
 * Makes missing parts, each aside, then the release. Does nothing if it already exists. Call it once at a time.
 * @throws Problem `base-changed` if the base application no longer matches its fingerprint; Problems of the commands
 */
export async function prepareRelease(
  kept: KeptReleases,
  run: Run,
  base: PinnedBase,
  { signal, report, output }: ReleaseOptions,
): Promise<void> {
  const { fingerprint, nodeMajor, manifest } = base
  if (await kept.has(fingerprint)) return
  await makePrivateFolder(kept.folder)
  const aside = join(kept.folder, workshopFolder)
  await kept.discard(aside)
  try {
    report({ text: 'Copying the base application' })
    const commit = await headCommit({ run, root: base.root, manifest, signal })
    const sources = await copyBase(base, join(aside, 'base'), signal)
    await warnUnlocked(base, output)
    const { server, client } = await recipesOf(sources, base)
    const both = new AbortController() // if one part fails, the other is stopped
    const workshop = {
      run,
      signal: AbortSignal.any([signal, both.signal]),
      sources,
      parts: kept.parts,
      aside,
      report: progressOf(report),
      output,
    }
    const work = [makeMissing(server, workshop), makeClient(client, workshop)]
    await Promise.all(work).catch(async (error: unknown) => {
      both.abort(error)
      await Promise.allSettled(work)
      throw error
    })
    const parts = { packages: server[0].name, generated: server[1].name, build: client[1].name }
    const release = { fingerprint, nodeMajor, parts, clientPackages: client[0].name, commit }
    const code = {
      server: join(sources.root, manifest.server.folder),
      clientLock: await readLockFile(join(sources.root, manifest.client.folder)),
    }
    await kept.keep(release, aside, code, signal)
  } catch (error) {
    await kept.discard(aside)
    await kept.discarded() // a full disk needs the space before anything else is done
    throw error
  }
  await kept.discard(aside)
}

async function makeMissing(recipes: readonly Recipe[], workshop: Workshop): Promise<void> {
  for (const recipe of recipes) {
    if (await isMade(recipe, workshop)) workshop.report(recipe.part, `${recipe.what}, as before`, true)
    else await makePart(recipe, workshop)
  }
}

/** The packages are needed only for the build. */
async function makeClient(recipes: readonly [Recipe, Recipe], workshop: Workshop): Promise<void> {
  const built = await isMade(recipes[1], workshop)
  await makeMissing(built ? recipes.slice(1) : recipes, workshop)
}

async function isMade({ name }: Recipe, { parts, signal }: Workshop): Promise<boolean> {
  return (await parts.has(name)) && (await parts.damage(name, signal)).length === 0
}

async function warnUnlocked({ root, manifest, install }: PinnedBase, output: ReleaseOptions['output']): Promise<void> {
  for (const { folder } of [manifest.server, manifest.client]) {
    if (!(await hasLockFile(join(root, folder))))
      output(`${folder} has no package-lock.json: npm takes the newest packages that its package.json allows.\n`)
    else if (install === 'install')
      output(
        `Using npm install instead of npm ci, as requested: ${folder} may get newer packages than its package-lock.json names.\n`,
      )
  }
}

/** Shows both sides in one line, and what fraction of their commands is finished. */
function progressOf(report: ReleaseOptions['report']): Progress {
  const doing = new Map<string, string>()
  let finished = 0
  return (part, what, done) => {
    doing.set(part, what)
    if (done) finished += 1
    report({ text: [...doing].map(it => it.join(': ')).join(' · '), fraction: finished / commandCount })
  }
}
