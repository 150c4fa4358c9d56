/** Fetches one package from the npm registry as a file, checked against a check sum that is written in the project. */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Failure, run } from './say.mjs'

/**
 * @typedef {object} Pinned
 * @property {string} package name@version
 * @property {string} integrity as in a lock file, sha512
 */

/**
 * @param {Pinned} pinned @param folder for the file. If it is already there, the registry isn't needed
 * @returns the path of the package's .tgz file
 */
export async function fetchPackage({ package: id, integrity }, folder) {
  const tarball = join(folder, `${id.replace(/^@/, '').replace(/[/@]/g, '-')}.tgz`)
  if ((await checksum(tarball)) === integrity) return tarball
  const { code, output } = await run('npm', ['pack', id, '--silent', '--pack-destination', folder], {
    cwd: folder,
    quiet: true,
    timeout: 1_800_000,
  })
  if (code !== 0) {
    throw new Failure(
      `Couldn’t fetch ${id}:\n${output.trim()}`,
      'check the network and the npm registry (npm ping), then run the same command again.',
    )
  }
  if ((await checksum(tarball)) === integrity) return tarball
  throw new Failure(
    `The checksum of ${id} doesn’t match the published package.`,
    'run npm cache clean --force, then the same command again; if it stays, do not use this network.',
  )
}

/** @returns undefined if there is no such file */
async function checksum(path) {
  if (!existsSync(path)) return undefined
  const hash = createHash('sha512')
  await pipeline(createReadStream(path), hash)
  return `sha512-${hash.digest('base64')}`
}
