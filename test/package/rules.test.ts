/** What Debian's own checker says of the package. */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'

const dist = resolve(import.meta.dirname, '../../dist')

test('lintian finds no error and no warning but those overridden with a reason', async () => {
  const deb = (await readdir(dist)).find(it => it.endsWith('.deb')) ?? 'no .deb in dist'
  // Debian 12's lintian doesn't know that packages may be compressed with zstd, as Debian 12's dpkg does.
  const known = ['--suppress-tags', 'malformed-deb-archive']
  const { exitCode, stdout } = await execa(
    'lintian',
    ['--fail-on', 'error,warning', '--allow-root', ...known, join(dist, deb)],
    { reject: false, timeout: 550_000 },
  )
  expect(exitCode, stdout).toBe(0)
})
