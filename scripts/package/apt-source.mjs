/** What tells apt where the repository is: a file to download, and a question that the package asks. */
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFiles } from '../lib/places.mjs'
import { name } from './description.mjs'
import { put, write } from './tree.mjs'

/**
 * @param url of the repository
 * @param signedBy a path, or an armoured public key: apt trusts that key for this source, and for no other
 */
export const sourceFile = (url, signedBy) => `Types: deb
URIs: ${url}
Suites: stable
Components: main
Signed-By:${
  signedBy.includes('\n')
    ? signedBy
        .trimEnd()
        .split('\n')
        .map(line => `\n ${line || '.'}`)
        .join('')
    : ` ${signedBy}`
}
`

/**
 * Lets a package ask whether to add its repository to apt's sources. The answer is no by default, and where nobody can
 * be asked.
 * @param root a staged tree, with its DEBIAN/
 * @param {{ url: string, publicKey: string }} source
 */
export async function askForSource(root, { url, publicKey }) {
  const key = join('usr', 'share', 'keyrings', `${name}.asc`)
  await write(join(root, key), publicKey)
  const added = `# Added by the package ${name}.\n${sourceFile(url, `/${key}`)}`
  await write(join(root, 'usr', 'share', name, 'apt.sources'), added)
  const control = it => join(root, 'DEBIAN', it)
  await put(join(packageFiles, 'debconf-templates'), control('templates'))
  const functions = await readFile(join(packageFiles, 'apt-source.sh'), 'utf8')
  const calls = { config: 'ask "$@"', postinst: 'carry_out', postrm: 'forget "$1"' }
  for (const [script, call] of Object.entries(calls)) {
    // First of all, because debconf runs the script again from its beginning.
    const own = await readFile(control(script), 'utf8').catch(() => '')
    await write(control(script), `${functions}${own}${call}\n`)
    await chmod(control(script), 0o755)
  }
  const fields = await readFile(control('control'), 'utf8')
  await write(control('control'), fields.replace(/^Depends: /m, 'Depends: debconf (>= 0.5) | debconf-2.0, '))
}
