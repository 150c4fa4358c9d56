/**
 * Writes the licence notices of everything we ship to out/licenses.md, as part of the build: packages in the bundles
 * (reported by Vite), packages outside them (listed in the lock file), and what those include.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { project } from './places.mjs'
import { Failure } from './say.mjs'

/** Licences that require only their notice. SPDX identifiers. */
const permissive = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Python-2.0',
  'Unlicense',
])

/** Packages that state no licence or no SPDX identifier, with the licence found in their licence file. */
const read = { 'cli-tableau': 'MIT', '@pm2/js-api': 'Apache-2.0', tv4: 'MIT' }

/**
 * The one package without a permissive licence. It remains a separate program
 * (docs/decisions/0011-pm2-stays-a-program.md).
 */
const apart = { pm2: 'AGPL-3.0' }

/** @typedef {{ name: string, version: string, license: string, text: string }} Package */

const locked = () => JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')).packages

/** @returns {string[]} the folders of the packages that run, and that this platform has; relative to the project */
export const installedPaths = () =>
  Object.entries(locked())
    .filter(([path, it]) => path && !it.dev && !it.devOptional && existsSync(join(project, path)))
    .map(([path]) => path)

/** @returns {Package[]} those in `installedPaths` */
export function installed() {
  const packages = locked()
  return installedPaths().map(path => {
    const { version, license } = packages[path]
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    return { name, version, license: read[name] ?? license, text: textIn(join(project, path)) }
  })
}

/** @returns {Package[]} of the bundles in out/ */
function bundled() {
  return ['main', 'preload', 'renderer']
    .flatMap(it => JSON.parse(readFileSync(join(project, 'out', it, 'bundled-licenses.json'), 'utf8')))
    .map(({ name, version, identifier, text }) => ({ name, version, license: identifier, text: text ?? '' }))
}

/** @returns {string[]} those that can't be shipped, each with the reason */
export const unfit = packages =>
  packages
    .filter(({ name, license }) => !permissive.has(license) && !(name in apart && apart[name] === license))
    .map(({ name, version, license }) => `${name} ${version}: ${license ?? 'no licence stated'}`)

export function writeLicenses() {
  const all = new Map([...bundled(), ...installed()].map(it => [`${it.name} ${it.version}`, it]))
  const wrong = unfit([...all.values()])
  if (wrong.length > 0)
    throw new Failure(
      `Licences that we can't ship:\n${wrong.join('\n')}`,
      'use another package, or read its licence and add it to scripts/lib/licenses.mjs.',
    )
  const sections = [...all]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, { license, text }]) => `## ${title} (${license})\n\n${text.trim()}\n`)
  writeFileSync(join(project, 'out', 'licenses.md'), `${introduction}\n${sections.join('\n')}`)
}

function textIn(folder) {
  const file = readdirSync(folder).find(it => /^licen[cs]e/i.test(it))
  return file ? readFileSync(join(folder, file), 'utf8') : ''
}

const introduction = `# Licences

Instance Manager contains or uses the packages below. Electron and Chromium come with their own notices (LICENSE and LICENSES.chromium.html beside
the program). The embedded PostgreSQL is under the PostgreSQL License (https://www.postgresql.org/about/licence/).

PM2 is under the AGPL-3.0. It is installed unchanged, runs as a program of its own, and is spoken to over its sockets; its source is
https://github.com/Unitech/pm2.
`
