/** A later version of a package, in which everything that outlives the app is another file with other content. */
import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { productIn } from '../../src/main/system/product'

/** @param deb the package @param to the new one's path */
export async function makeLater(deb: string, version: string, to: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'im-later-'))
  try {
    const root = join(folder, 'root')
    await execa('dpkg-deb', ['--raw-extract', deb, root])
    const { packageJson, node, packages, sums } = productIn(join(root, 'usr/lib/instance-manager/resources/app'))
    await edit(join(root, 'DEBIAN/control'), it => it.replace(/^Version: .*/m, `Version: ${version}`))
    await edit(packageJson, it => it.replaceAll(/("version(InPackages)?": )"[^"]*"/g, `$1"${version}"`))
    // Its configuration can be held up.
    const hold = '[ ! -e /tmp/hold ] || { touch /tmp/held; sleep 600; }'
    await edit(join(root, 'DEBIAN/postinst'), it => it.replace('set -e\n', `set -e\n${hold}\n`))
    for (const path of [join(node, 'bin/node'), join(packages, 'pm2/lib/Daemon.js')]) {
      const before = await sumOf(path)
      await appendFile(path, '\n// later\n') // an ELF file may end with anything
      const after = await sumOf(path)
      await edit(sums, it => it.replace(before, after))
    }
    const sums5 = 'find usr -type f | sort | xargs -d "\\n" md5sum > DEBIAN/md5sums'
    await execa('sh', ['-c', sums5], { cwd: root })
    await execa('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z1', '--build', root, to])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const sumOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex')

async function edit(path: string, how: (text: string) => string): Promise<void> {
  await writeFile(path, how(await readFile(path, 'utf8')))
}
