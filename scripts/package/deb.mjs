/** A package for Debian and Ubuntu, made from a staged tree. */
import { chmod, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure, run } from '../lib/say.mjs'
import { askForSource } from './apt-source.mjs'
import { about, architectures, debian, name, zstdLevel } from './description.mjs'
import { maintainerScript } from './maintainer.mjs'
import { entries, settle, sums, write } from './tree.mjs'

/** @param {import('./stage.mjs').Making} making @param path of the new file */
export async function makeDeb(making, path) {
  const { root, epoch, source } = making
  await write(join(root, 'DEBIAN', 'control'), control(making, await kilobytesIn(root)))
  const scripts = { postinst: 'installed', prerm: '[ "$1" != remove ] || removing' }
  for (const [file, call] of Object.entries(scripts)) {
    await write(join(root, 'DEBIAN', file), await maintainerScript(call))
    await chmod(join(root, 'DEBIAN', file), 0o755)
  }
  if (source) {
    await askForSource(root, source)
    await settle(join(root, 'usr', 'share'), epoch)
  }
  await write(join(root, 'DEBIAN', 'md5sums'), (await sums(root, 'usr', 'md5')).join(''))
  await settle(join(root, 'DEBIAN'), epoch)
  const options = ['--root-owner-group', '-Zzstd', `-z${zstdLevel}`]
  const { code, output } = await run('dpkg-deb', [...options, '--build', root, path], {
    quiet: true,
    env: { SOURCE_DATE_EPOCH: String(epoch) },
  })
  if (code !== 0)
    throw new Failure(
      `dpkg-deb failed:\n${output}`,
      'check the free disk space (1 GB is needed), and that dpkg is there.',
    )
}

/** Sizes are rounded up to whole kilobytes for each file, as Debian's policy says. */
async function kilobytesIn(root) {
  let kilobytes = 0
  for (const { path, entry } of await entries(root)) {
    kilobytes += entry.isFile() ? Math.ceil((await lstat(join(root, path))).size / 1024) : 1
  }
  return kilobytes
}

function control({ version, architecture }, kilobytes) {
  const fields = {
    Package: name,
    Version: version,
    Architecture: architectures[architecture].debian,
    Maintainer: about.maintainer,
    'Installed-Size': kilobytes,
    Depends: debian.depends.join(', '),
    Recommends: debian.recommends.join(', '),
    Suggests: debian.suggests.join(', '),
    Section: debian.section,
    Priority: 'optional',
    Description: [about.summary, ...about.description.map(it => ` ${it || '.'}`)].join('\n'),
  }
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('')
}
