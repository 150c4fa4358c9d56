/** An archive for systems without a package format of ours: unpacked anywhere, its bin/instance-manager starts it. */
import { dirname, basename, join } from 'node:path'
import { Failure, run } from '../lib/say.mjs'
import { home, zstdLevel } from './description.mjs'

/** @param {import('./stage.mjs').Making} making @param path of the new file */
export async function makeTar({ root }, path) {
  const folder = join(root, home)
  const options = '--sort=name --owner=0 --group=0 --numeric-owner --format=gnu --use-compress-program'.split(' ')
  const { code, output } = await run(
    'tar',
    [...options, `zstd -${zstdLevel} -T2`, '-C', dirname(folder), '-cf', path, basename(folder)],
    { quiet: true },
  )
  if (code !== 0) throw new Failure(`tar failed:\n${output}`, 'check the free disk space, and that zstd is installed.')
}
