/** Makes what the product is installed from, in dist/. The same sources give the same bytes. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from '../lib/build.mjs'
import { electron } from '../lib/electron.mjs'
import { hasCommand, packages } from '../lib/packages.mjs'
import { project } from '../lib/places.mjs'
import { Failure, run, say, step } from '../lib/say.mjs'
import { makeDeb } from './deb.mjs'
import { architectures, name } from './description.mjs'
import { makeRpm } from './rpm.mjs'
import { stage } from './stage.mjs'
import { makeTar } from './tar.mjs'
import { versionInPackages } from './versions.mjs'

/** Those whose tool is there are made: an operator needs only the one for their own system. */
const formats = [
  {
    tool: 'zstd',
    file: ({ version, architecture }) => `${name}_${version}_${architectures[architecture].debian}.tar.zst`,
    make: makeTar,
  },
  {
    tool: 'rpmbuild',
    file: ({ version, architecture }) => `${name}-${version}-1.${architectures[architecture].fedora}.rpm`,
    make: makeRpm,
  },
  {
    tool: 'dpkg-deb', // the last one, because it adds a folder of its own
    file: ({ version, architecture }) => `${name}_${version}_${architectures[architecture].debian}.deb`,
    make: makeDeb,
  },
]

/**
 * The dependencies must be installed.
 * @param {object} options
 * @param {boolean} options.anyElectron whether any version of Electron will do
 * @param {{ url: string, publicKey: string }} [options.source] the repository that the .deb offers to add to apt's sources
 * @param {string} [options.dist] where the packages go
 * @returns the paths of the packages
 */
export async function makePackages({ anyElectron, source, dist = join(project, 'dist') }) {
  const { path, version: found, name: which } = await electron()
  say(`Using ${which}.`)
  const { version: own, devDependencies } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
  const version = versionInPackages(own)
  const wanted = devDependencies.electron
  if (found !== wanted && !anyElectron)
    throw new Failure(
      `A package needs Electron ${wanted}, but this machine has ${found}.`,
      'let this machine reach github.com, or name a mirror in ELECTRON_MIRROR. To package it anyway, add “-- --any-electron”.',
    )
  await packages(['zstd', 'dpkg', 'rpmbuild'])
  await build()
  await rm(dist, { recursive: true, force: true }) // packages of an earlier version
  await mkdir(dist)
  const root = await mkdtemp(join(dist, '.tree-'))
  try {
    const making = { root, version, architecture: process.arch, epoch: await epoch(), electron: path, source }
    await step('Laying out the files', () => stage(making))
    const made = []
    for (const { file, make } of formats.filter(it => hasCommand(it.tool))) {
      const to = join(dist, file(making))
      await step(`Making ${basename(to)}`, () => make(making, to))
      made.push(to)
    }
    await writeSums(dist, made)
    return made
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** The time of everything in the packages, in seconds: the last commit's, unless SOURCE_DATE_EPOCH says otherwise. */
async function epoch() {
  const given =
    process.env.SOURCE_DATE_EPOCH ??
    (await run('git', ['log', '-1', '--format=%ct'], { cwd: project, quiet: true })).output
  if (/^\d+\s*$/.test(given)) return Number(given)
  throw new Failure(
    'The time of the sources isn’t known, because they aren’t a git clone.',
    'set SOURCE_DATE_EPOCH to a time in seconds.',
  )
}

async function writeSums(dist, paths) {
  const lines = await Promise.all(
    paths.map(
      async it =>
        `${createHash('sha256')
          .update(await readFile(it))
          .digest('hex')}  ${basename(it)}\n`,
    ),
  )
  await writeFile(join(dist, 'SHA256SUMS'), lines.join(''))
  process.stdout.write(lines.join(''))
}
