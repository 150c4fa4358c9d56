/** What an operator sees before a rebuild, of a real workspace in a git repository. */
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RebuildReview } from '../../../src/shared/rebuild-review'
import { toProblem } from '../../../src/shared/problem'
import { layOut } from '../../support/cli-instance'
import type { TestWorkspace } from '../../support/workspace'
import { mustDo, tinyWorkspace } from '../lifecycle/lifecycle'

let workspace: TestWorkspace
const base = (...path: string[]): string => join(workspace.root, ...path)
const own = (...path: string[]): string => base('instances/school/server', ...path)

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-C', workspace.root, '-c', 'user.name=Ada', '-c', 'user.email=ada@school.example', ...args], {
    encoding: 'utf8',
  })
function commit(subject: string): void {
  git('add', 'server', 'client')
  git('commit', '--quiet', '--message', subject)
}
const lock = (version: string): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: { '': { dependencies: { express: '*' } }, 'node_modules/express': { version } },
  })
const review = (name = 'school'): Promise<RebuildReview> => workspace.services.instances.reviewRebuild(name)

/** What the list says that is new, once it knows that the instance is outdated. */
async function newer(): Promise<string | undefined> {
  const { registry } = workspace.services.instances
  const enough = new AbortController()
  for await (const { instances } of registry.watch(enough.signal)) {
    const its = instances.find(it => it.name === 'school')
    if (!its?.outdated) continue
    enough.abort()
    return its.newer
  }
  throw new Error('the workspace was closed')
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await writeFile(base('server/package-lock.json'), lock('4.18.2'))
  await writeFile(base('client/package-lock.json'), lock('4.0.0'))
  git('init', '--quiet')
  commit('First')
  await workspace.startInfrastructure()
  await workspace.create({ name: 'school' })
})
afterAll(() => workspace.remove())

it('of an instance that is up to date, and of what stays', async () => {
  await writeFile(own('uploads/a.txt'), '12345')
  await mkdir(own('reports/2026'), { recursive: true })
  await writeFile(own('reports/2026/may.txt'), 'x')
  await writeFile(own('state.json'), '{}')
  const found = await review()
  expect(found).toMatchObject({
    name: 'school',
    upToDate: true,
    behind: false,
    prepared: true,
    changes: { schema: [] },
  })
  expect(found.release).toBe(found.base)
  expect(found.expected).toBeUndefined()
  expect(found.gap).toEqual({ running: true, seamless: false, seconds: expect.any(Number) })
  expect(found.stays).toEqual({
    folders: [{ path: 'uploads', files: 1, bytes: 5, complete: true }],
    keys: expect.arrayContaining(['DATABASE_URL', 'JWT_SECRET', 'PORT']),
    own: { count: 2, names: ['reports', 'state.json'] },
  })
  expect(found.disk.free).toBeGreaterThan(found.disk.needed)
})

it('of commits, packages, schema files and new keys, without a value of any', async () => {
  await writeFile(base('server/package-lock.json'), lock('5.0.0'))
  await writeFile(base('client/package-lock.json'), lock('4.0.1'))
  await appendFile(base('server/prisma/schema.prisma'), '\n// more\n')
  commit('Express 5')
  await writeFile(base('server/.env'), 'SENDGRID_API_KEY=canary-1\nNEW_SECRET=canary-2\nEMPTY=\nPORT=1\nJWT_SECRET=x\n')
  await writeFile(base('server/.env.example'), 'NEW_SECRET=\nEMPTY=\nONLY_HERE=canary-3\nDATABASE_URL=x\n')
  const found = await review()
  expect(found).toMatchObject({
    upToDate: false,
    prepared: false,
    changes: {
      commits: { since: 'commit', count: 1, gone: 0, newest: [{ subject: 'Express 5' }] },
      server: { direct: [{ name: 'express', from: '4.18.2', to: '5.0.0' }], transitive: 0 },
      client: { direct: [{ name: 'express', from: '4.0.0', to: '4.0.1' }], transitive: 0 },
      schema: ['prisma/schema.prisma'],
    },
    env: {
      offered: [
        { key: 'SENDGRID_API_KEY', copied: true },
        { key: 'NEW_SECRET', copied: false },
      ],
      exampleOnly: ['EMPTY', 'ONLY_HERE'],
    },
  })
  expect(JSON.stringify(found)).not.toContain('canary')
  expect(await newer()).toBe('one commit, 2 packages, schema') // the same in the list
  git('reset', '--quiet', '--hard', 'HEAD~1')
})

it('a schema file that is gone counts', async () => {
  await writeFile(base('server/prisma/more.prisma'), '')
  expect((await review()).changes.schema).toEqual(['prisma/more.prisma'])
  await mustDo(workspace, 'rebuild', { name: 'school' })
  execFileSync('rm', [base('server/prisma/more.prisma')])
  expect((await review()).changes.schema).toEqual(['prisma/more.prisma'])
})

it('expects as long as the last rebuilds of the same kind took', async () => {
  await appendFile(base('server/index.js'), '\n// newer\n')
  const unprepared = await review()
  expect(unprepared).toMatchObject({ prepared: false, expected: { runs: 1, seconds: expect.any(Number) } })
  await mustDo(workspace, 'rebuild', { name: 'school' })
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect((await review()).expected).toBeUndefined() // no rebuild has reused a release yet
  await mustDo(workspace, 'rebuild', { name: 'school' })
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect(await review()).toMatchObject({
    prepared: true,
    expected: { runs: 1 },
    gap: { running: true, seconds: expect.any(Number) },
  })
})

it('of an instance of the replaced tool, whose release is unknown', async () => {
  const its = await layOut(workspace, 'old')
  await writeFile(join(its.server, 'package-lock.json'), lock('3.0.0'))
  await writeFile(join(its.server, 'left-by-the-app.txt'), '')
  const found = await review('old')
  expect(found).toMatchObject({
    upToDate: false,
    changes: { server: { direct: [{ name: 'express', from: '3.0.0', to: '4.18.2' }] } },
  })
  expect(found.release).toBeUndefined()
  expect(found.stays.own.names).toContain('left-by-the-app.txt')
  expect(await workspace.services.instances.reviewFleet(['school', 'old'])).toMatchObject([
    {
      name: 'school',
      release: expect.any(String),
      gap: { running: true, seamless: false, seconds: expect.any(Number) },
    },
    {
      name: 'old',
      moves: true, // it has no schema file at all
      offered: [{ key: 'SENDGRID_API_KEY' }, { key: 'NEW_SECRET' }],
      gap: { running: false },
    },
  ])
})

it('changes nothing, stops with its signal, and knows its instances', async () => {
  const listing = async (): Promise<string[]> => (await readdir(base(), { recursive: true })).toSorted()
  const before = [await listing(), await readFile(own('.env'), 'utf8')]
  await review()
  expect([await listing(), await readFile(own('.env'), 'utf8')]).toEqual(before)
  const { instances } = workspace.services
  await expect(instances.reviewRebuild('school', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  expect(await instances.reviewRebuild('nobody').catch(toProblem)).toMatchObject({ code: 'instance-unknown' })
})
