/** Which releases are listed as used by whom, what removing them frees, and what is removed. */
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UsedReleases } from '../../../src/main/instances/used-releases'
import { Releases } from '../../../src/main/releases/releases'
import { createRun } from '../../../src/main/system/run'
import { fingerprint } from '../../../src/main/workspace/fingerprint'
import { usesOf } from '../../../src/shared/releases'
import { manifestSchema } from '../../../src/shared/workspace'

const signal = new AbortController().signal
const big = 100_000
const manifest = manifestSchema.parse({
  server: { install: ['true'], generate: ['true'] },
  client: { install: ['true'], build: ['sh', '-c', `mkdir build && head -c ${big} /dev/zero > build/app.js`] },
})
let root: string, releases: Releases
/** Fingerprints, oldest first. */
const made: string[] = []

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'im-unit-'))
  for (const it of ['server', 'client']) await mkdir(join(root, it))
  releases = new Releases(join(root, 'releases'), join(root, 'instances'), createRun(randomUUID()))
  await writeFile(join(root, 'server/index.js'), '')
  for (const text of ['1', '2', '3', '4']) {
    await writeFile(join(root, 'client/package.json'), text)
    const base = { root, manifest, nodeMajor: '20', fingerprint: await fingerprint(root, manifest, '20') }
    await releases.prepare(base, { signal, report: () => undefined, output: () => undefined })
    made.push(base.fingerprint)
  }
})

afterAll(() => rm(root, { recursive: true, force: true }))

/** What instances have: their release and their previous one, each by its place in `made`. */
const used = (instances: Record<string, readonly [number, number?]>, { base = -1, held = -1 } = {}): UsedReleases =>
  new UsedReleases({
    releases,
    signal,
    operations: { held: () => new Map(held < 0 ? [] : [[made[held] ?? '', { id: 'x', subject: 'x' }]]) as never },
    roster: {
      baseFingerprint: () => (base < 0 ? Promise.reject(new Error('unreadable')) : Promise.resolve(made[base] ?? '')),
      configs: () =>
        Promise.resolve({
          configs: Object.entries(instances).map(([name, [now, before]]) => ({
            name,
            release: made[now],
            ...(before !== undefined && { previous: { release: made[before] } }),
          })),
        } as never),
    },
  })

it('names who uses each, newest first; the newest stays although nothing uses it', async () => {
  const { releases: found } = await used({ school: [1, 0], demo: [1] }, { held: 2 }).list()
  expect(found.map(it => [it.fingerprint, usesOf(it), it.removable])).toEqual([
    [made[3], 'unused; kept as the newest', false],
    [made[2], 'open operation', false],
    [made[1], 'school and demo', false],
    [made[0], 'previous code of school', false],
  ])
})

it('says what can be removed and its size, and removes just that', async () => {
  const its = used({ school: [1, 0] }, { base: 3 })
  const before = await its.list()
  expect(before.releases.map(it => usesOf(it))).toEqual([
    'next instance',
    'unused',
    'school',
    'previous code of school',
  ])
  for (const it of before.releases) expect(it.bytes).toBeGreaterThan(big)
  expect(before.removable).toEqual({ releases: 1, bytes: before.releases[1]?.bytes })
  expect(await its.prune('unused')).toEqual(before.removable)
  const after = await its.list()
  expect(after.releases.map(it => it.fingerprint)).toEqual([made[3], made[1], made[0]])
  expect(after.bytes).toBe(before.bytes - before.removable.bytes)
  expect(await its.prune('unused')).toEqual({ releases: 0, bytes: 0 })
  for (const it of after.releases) expect(await releases.kept.has(it.fingerprint)).toBe(true)
})
