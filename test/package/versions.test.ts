/** A pre-release's package is built, and both dpkg and rpm take it for older than the release. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
// @ts-expect-error a script without types
import { makeDeb as deb } from '../../scripts/package/deb.mjs'
// @ts-expect-error a script without types
import { makeRpm as rpm } from '../../scripts/package/rpm.mjs'
// @ts-expect-error a script without types
import { versionInPackages as inPackages } from '../../scripts/package/versions.mjs'

type Make = (making: object, path: string) => Promise<void>
const [makeDeb, makeRpm] = [deb as Make, rpm as Make]
const versionInPackages = inPackages as (version: string) => string

const inOrder = ['1.1.9', '1.2.0-alpha', '1.2.0-beta.2', '1.2.0-beta.10', '1.2.0-rc-1', '1.2.0', '1.2.1-beta.1'].map(
  versionInPackages,
)
const pairs = inOrder.slice(1).map((it, index) => [inOrder[index] ?? '', it] as const)

test.each(pairs)('%s is older than %s', async (older, newer) => {
  await execa('dpkg', ['--compare-versions', older, 'lt', newer])
  expect((await execa('rpm', ['--eval', `%{lua: print(rpm.vercmp("${older}", "${newer}"))}`])).stdout).toBe('-1')
})

test('packages of a pre-release have its version', async () => {
  const work = await mkdtemp(join(tmpdir(), 'im-versions-'))
  try {
    const version = versionInPackages('1.2.0-beta.1')
    const root = join(work, 'root')
    for (const it of ['lintian/it', 'zsh/vendor-completions/it', 'doc/instance-manager/changelog.gz']) {
      await mkdir(join(root, 'usr/share', it, '..'), { recursive: true })
      await writeFile(join(root, 'usr/share', it), '')
    }
    const making = { root, version, architecture: 'x64', epoch: 1 }
    const paths = { rpm: join(work, `instance-manager-${version}-1.x86_64.rpm`), deb: join(work, 'it.deb') }
    await makeRpm(making, paths.rpm)
    await makeDeb(making, paths.deb)
    expect((await execa('rpm', ['-qp', '--queryformat', '%{VERSION}', paths.rpm])).stdout).toBe('1.2.0~beta.1')
    expect((await execa('dpkg-deb', ['--field', paths.deb, 'Version'])).stdout).toBe('1.2.0~beta.1')
  } finally {
    await rm(work, { recursive: true })
  }
})
