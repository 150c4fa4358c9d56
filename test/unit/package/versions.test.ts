/** One source of the version: package.json, which `npm version` changes together with the changelog. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
// @ts-expect-error a script without types
import { versionInPackages as inPackages } from '../../../scripts/package/versions.mjs'
import { temporary } from '../temporary'

const versionInPackages = inPackages as (version: string) => string
const project = resolve(import.meta.dirname, '../../..')

it.each([
  ['1.2.0', '1.2.0'],
  ['1.2.0-beta.1', '1.2.0~beta.1'],
  ['1.2.0-rc-2.x-y', '1.2.0~rc.2.x.y'],
  ['1.2.0-beta+build.5', '1.2.0~beta+build.5'],
])('%s is %s in a package', (version, expected) => expect(versionInPackages(version)).toBe(expected))

it('package.json, package-lock.json and the newest section of the changelog agree', async () => {
  const versionIn = async (path: string): Promise<string> =>
    (JSON.parse(await readFile(join(project, path), 'utf8')) as { readonly version: string }).version
  const version = await versionIn('package.json')
  expect(await versionIn('package-lock.json')).toBe(version)
  const changelog = await readFile(join(project, 'CHANGELOG.md'), 'utf8')
  const [unreleased, newest = `${version} (not yet)`] = [...changelog.matchAll(/^## (.*)$/gm)].map(it => it[1])
  expect([unreleased, newest.split(' (')[0]]).toEqual(['Unreleased', version])
})

/** A clone that has only what `npm version` needs. @param news under “Unreleased” */
async function clone(news: string) {
  const folder = await temporary()
  const { scripts } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const described = { name: 'it', version: '1.1.0', type: 'module', scripts: { version: scripts['version'] } }
  await mkdir(join(folder, 'scripts/lib'), { recursive: true })
  for (const it of ['scripts/version.mjs', 'scripts/lib/say.mjs']) await cp(join(project, it), join(folder, it))
  await writeFile(join(folder, 'package.json'), JSON.stringify(described))
  await writeFile(
    join(folder, 'CHANGELOG.md'),
    `# Changelog\n\n## Unreleased\n${news}\n## 1.1.0 (2026-01-01)\n\n- Old.\n`,
  )
  const run = (file: string, ...args: string[]) =>
    execa(file, args, {
      cwd: folder,
      reject: false,
      env: {
        HOME: folder,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'Ada',
        GIT_AUTHOR_EMAIL: 'ada@school.example',
        GIT_COMMITTER_NAME: 'Ada',
        GIT_COMMITTER_EMAIL: 'ada@school.example',
      },
    })
  for (const it of ['init', 'add .', 'commit --message first']) await run('git', ...it.split(' '))
  return { folder, run }
}

it('npm version turns what is unreleased into the section of the version, in the commit that is tagged', async () => {
  const { run } = await clone('\n### Added\n- New.\n')
  expect(await run('npm', 'version', '1.2.0-beta.1', '--no-update-notifier')).toMatchObject({ exitCode: 0 })
  expect((await run('git', 'status', '--porcelain')).stdout).toBe('')
  const committed = async (path: string) => (await run('git', 'show', `v1.2.0-beta.1:${path}`)).stdout
  expect(JSON.parse(await committed('package.json'))).toMatchObject({ version: '1.2.0-beta.1' })
  const day = new Date().toISOString().slice(0, 10)
  expect((await committed('CHANGELOG.md')).replace(day, 'TODAY')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 1.2.0-beta.1 (TODAY)\n\n### Added\n- New.\n\n## 1.1.0 (2026-01-01)\n\n- Old.',
  )
})

it('without anything new, npm version commits nothing', async () => {
  const { run } = await clone('')
  const { exitCode, stderr } = await run('npm', 'version', '1.2.0', '--no-update-notifier')
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain('CHANGELOG.md has nothing under “Unreleased”.')
  expect((await run('git', 'log', '--format=%s')).stdout).toBe('first')
})
