/**
 * A disk of its own that is filled: jobs are refused before they touch anything, space is freed without PostgreSQL, and
 * what was asked for then works.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ProblemError } from '../../../src/shared/problem'
import { isLow } from '../../../src/shared/space'
import { spareBytes } from '../../../src/shared/space'
import { describeWhere } from '../../support/requires'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'
import { world } from '../../support/world'

const isRoot = process.getuid?.() === 0
const [total, left, freeEnough] = [700 * 2 ** 20, 8 * 2 ** 20, 150 * 2 ** 20]

describeWhere(isRoot, 'only root can mount a disk')('a full disk', () => {
  let disk: string, workspace: TestWorkspace
  const before = process.env['TMPDIR']
  const freeBytes = async (): Promise<number> => statfs(disk).then(it => it.bavail * it.bsize)
  /** Other people's data, until so many bytes are left. */
  const fillTo = async (bytes: number): Promise<void> => {
    await rm(join(disk, 'others'), { force: true })
    const size = (await freeBytes()) - bytes
    await execa('fallocate', ['--length', String(Math.floor(size / 4096) * 4096), join(disk, 'others')])
  }
  const refusal = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => (error instanceof ProblemError ? error.problem : error),
    )
  const freeable = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await workspace.services.space.report()).freeable.map(it => [it.what, it.bytes]))

  beforeAll(async () => {
    disk = await mkdtemp(join(tmpdir(), 'im-full-'))
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${total},mode=755`, 'im-test', disk])
    process.env['TMPDIR'] = disk
    workspace = await testWorkspace({ prepare: makeTiny })
    await workspace.open()
    await workspace.startInfrastructure()
    mustSucceed(await workspace.create({ name: 'one' }))
    for (const text of ['second', 'third']) {
      // releases that nobody uses, each with a big client
      await writeFile(join(workspace.root, 'client/index.html'), text.repeat(1_000_000))
      mustSucceed(await workspace.create({ name: 'passing' }))
      await workspace.discard('passing')
    }
    await writeFile(join(workspace.root, 'client/index.html'), 'now')
  })
  afterAll(async () => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    await workspace?.remove()
    await execa('umount', [disk])
    await rm(disk, { recursive: true })
  })

  it('is seen before it is full, with all that can be freed', async () => {
    const { space, paths } = workspace.services
    await until(async () => (await stat(paths.spare).catch(() => undefined))?.size === spareBytes)
    expect(isLow(await space.disk())).toBe(false)
    await mkdir(join(paths.instances, '.trash-of-a-crash'))
    await writeFile(join(paths.instances, '.trash-of-a-crash/upload'), Buffer.alloc(1_000_000))
    await fillTo(left)
    expect(await space.disk()).toMatchObject({ total, reserve: total / 20 })
    const watching = new AbortController()
    for await (const it of space.watch(watching.signal)) {
      expect(isLow(it)).toBe(true)
      watching.abort()
    }
    expect(await freeable()).toEqual({
      releases: expect.any(Number) as number,
      trash: expect.any(Number) as number,
      logs: 0,
      spare: spareBytes,
    })
    const { releases, trash } = await freeable()
    expect(releases).toBeGreaterThan(10_000_000)
    expect(trash).toBeGreaterThanOrEqual(1_000_000)
  })

  it('refuses a creation before anything is touched, and says what it needs', async () => {
    const untouched = await world(workspace)
    expect(await refusal(workspace.create({ name: 'two' }))).toMatchObject({
      code: 'disk-space',
      action: 'free-space',
      cause: expect.stringMatching(/It needs about \d.*35 MB must stay free.* of 700 MB is free/) as string,
    })
    await expect.poll(() => world(workspace)).toEqual(untouched)
  })

  it('that a rebuild fills: the instance goes on running, nothing of it is left, and with space it succeeds', async () => {
    const { operations } = workspace.services
    const rebuild = async () => operations.settled(await operations.start('rebuild', { name: 'one' }))
    await fillTo(freeEnough)
    const untouched = await world(workspace)
    const make = join(workspace.root, 'client/make.cjs')
    const text = await readFile(make, 'utf8')
    await writeFile(make, `require("node:fs").writeFileSync("big", Buffer.alloc(${total}))`)
    const { phase, turned } = await rebuild()
    expect([phase, turned?.problem?.code]).toEqual(['rolled-back', 'disk-full'])
    await expect.poll(() => world(workspace)).toEqual(untouched)
    await writeFile(make, text)
    mustSucceed(await rebuild())
  })

  it('with PostgreSQL down: space is freed, then PostgreSQL starts, and an instance can be deleted', async () => {
    await workspace.killInfrastructure()
    await workspace.close()
    await fillTo(0)
    await workspace.open() // nothing can be written
    await fillTo(0) // opening may have removed temporary files
    const { operations, space } = workspace.services
    for (const [kind, input] of [
      ['infrastructure-start', {}],
      ['delete', { name: 'one', confirm: 'DELETE' }],
      ['stop', { name: 'one' }],
    ] as const) {
      expect(await refusal(operations.start(kind, input))).toMatchObject({ code: 'disk-space', action: 'free-space' })
    }
    await space.free(['releases', 'trash'])
    expect(await freeable()).toEqual({ releases: 0, trash: 0, logs: 0, spare: spareBytes })
    // of the instance, and of its code before
    expect((await readdir(workspace.services.paths.releases)).filter(it => it !== 'parts')).toHaveLength(2)
    await fillTo(0)
    await space.free(['spare'])
    expect(await freeBytes()).toBeGreaterThanOrEqual(spareBytes)
    await workspace.startInfrastructure()
    mustSucceed(await operations.settled(await operations.start('delete', { name: 'one', confirm: 'DELETE' })))
    expect(await readdir(workspace.services.paths.instances)).not.toContain('one')
  })
})
