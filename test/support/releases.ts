/** Prepared releases, to save tests of other things the minute that npm and Vite may take. */
import { execa } from 'execa'
import { Releases } from '../../src/main/releases/releases'
import { exists } from '../../src/main/system/files'
import { createRun } from '../../src/main/system/run'
import { readManifest } from '../../src/main/workspace/base'
import { fingerprint } from '../../src/main/workspace/fingerprint'
import { workspacePaths } from '../../src/main/workspace/paths'
import { madeOnce } from './shared'

/** Prepares a release of the base application as it is now. */
export async function prepareRelease(root: string): Promise<void> {
  const run = createRun(root)
  const manifest = await readManifest(root)
  const nodeMajor = (await run('node', ['--version'], { timeout: 10_000 })).replace(/^v/, '').split('.')[0] ?? ''
  const releases = new Releases(workspacePaths(root).releases, workspacePaths(root).instances, run)
  await releases.prepare(
    { root, manifest, nodeMajor, fingerprint: await fingerprint(root, manifest, nodeMajor) },
    { signal: AbortSignal.timeout(240_000), report: () => undefined, output: () => undefined },
  )
  await releases.kept.discarded()
}

/** Gives a workspace the release of its base application, which is prepared once in a run. @param base its name */
export async function takeRelease(root: string, base: string): Promise<void> {
  const { releases } = workspacePaths(root)
  const made = await madeOnce(`release-of-${base}`, async folder => {
    await prepareRelease(root)
    await copyReleases(releases, folder)
  })
  if (!(await exists(releases))) await copyReleases(made, releases)
}

/** Node's own copy rounds times to milliseconds, some of them into the next second: those files would count as damaged. */
export const copyReleases = (from: string, to: string): Promise<unknown> =>
  execa('cp', ['--archive', '--no-target-directory', from, to])
