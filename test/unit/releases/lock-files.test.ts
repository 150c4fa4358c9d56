/** How two of npm's lock files differ. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageChanges, readLockFile } from '../../../src/main/releases/lock-files'
import { changeWords, packageWords } from '../../../src/shared/rebuild-review'
import { temporary } from '../temporary'

type Packages = Record<string, object>
const lock = (packages: Packages, lockfileVersion = 3): string =>
  JSON.stringify({ name: 'x', lockfileVersion, packages })
const root = (dependencies: Record<string, string>, devDependencies = {}): Packages => ({
  '': { name: 'x', dependencies, devDependencies },
})

const before = lock({
  ...root({ express: '^4.18.0', 'left-pad': '^1.0.0', zod: '^4.0.0' }, { prettier: '^3.0.0' }),
  'node_modules/express': { version: '4.18.2' },
  'node_modules/left-pad': { version: '1.3.0' },
  'node_modules/zod': { version: '4.6.7' },
  'node_modules/prettier': { version: '3.1.0', dev: true },
  'node_modules/qs': { version: '6.11.0' },
  'node_modules/ms': { version: '2.1.3' },
  'node_modules/debug/node_modules/ms': { version: '2.0.0' },
  'node_modules/gone': { version: '1.0.0' },
})

it('names direct packages with their versions and counts the others', () => {
  const after = lock({
    ...root({ express: '^5.0.0', zod: '^4.0.0', '@scope/new': '^1.0.0' }, { prettier: '^3.0.0' }),
    'node_modules/express': { version: '5.0.0' },
    'node_modules/zod': { version: '4.6.7' },
    'node_modules/prettier': { version: '3.10.1', dev: true },
    'node_modules/@scope/new': { version: '1.2.3' },
    'node_modules/qs': { version: '6.13.0' },
    // Both versions of ms are still there, only elsewhere.
    'node_modules/ms': { version: '2.0.0' },
    'node_modules/send/node_modules/ms': { version: '2.1.3' },
    'node_modules/fresh': { version: '1.0.0' },
  })
  const found = packageChanges(before, after)
  expect(found).toEqual({
    direct: [
      { name: '@scope/new', to: '1.2.3' },
      { name: 'express', from: '4.18.2', to: '5.0.0' },
      { name: 'left-pad', from: '1.3.0' },
      { name: 'prettier', from: '3.1.0', to: '3.10.1' },
    ],
    transitive: 3, // qs, gone, fresh
  })
  expect(found?.direct.map(packageWords)).toEqual([
    '@scope/new 1.2.3 (new)',
    'express 4.18.2 → 5.0.0',
    'left-pad 1.3.0 (removed)',
    'prettier 3.1.0 → 3.10.1',
  ])
  expect(changeWords({ server: found, client: found, schema: [] })).toEqual(['8 packages'])
})

it('finds nothing in equal lock files of versions 2 and 3', () => {
  const none = { direct: [], transitive: 0 }
  expect(packageChanges(before, before)).toEqual(none)
  expect(
    packageChanges(JSON.stringify({ ...JSON.parse(before), lockfileVersion: 2, dependencies: {} }), before),
  ).toEqual(none)
})

it('a package that is a folder of the application has no version', () => {
  const linked = (range: string) =>
    lock({ ...root({ own: range }), 'node_modules/own': { resolved: 'own', link: true }, own: { version: '1.0.0' } })
  expect(packageChanges(linked('file:own'), linked('file:own'))).toEqual({ direct: [], transitive: 0 })
  expect(packageChanges(linked('file:own'), linked('file:./own'))?.direct).toEqual([
    { name: 'own', from: 'file:own', to: 'file:./own' },
  ])
})

it('compares nothing where a lock file is missing, older, or none', () => {
  const old = JSON.stringify({ lockfileVersion: 1, dependencies: { express: { version: '4.18.2' } } })
  for (const it of [undefined, old, 'not JSON', '[]', 'null', '{"packages":{"":{"dependencies":["express"]}}}'])
    expect([packageChanges(it, before), packageChanges(before, it)]).toEqual([undefined, undefined])
})

it('prefers npm-shrinkwrap.json, as npm does', async () => {
  const folder = await temporary()
  expect(await readLockFile(folder)).toBeUndefined()
  await writeFile(join(folder, 'package-lock.json'), 'lock')
  expect(await readLockFile(folder)).toBe('lock')
  await writeFile(join(folder, 'npm-shrinkwrap.json'), 'shrinkwrap')
  expect(await readLockFile(folder)).toBe('shrinkwrap')
})
