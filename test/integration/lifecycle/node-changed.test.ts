/** Node.js has another major version than the one that an instance's packages were compiled for. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resultsOf } from '../../../src/shared/jobs/many'
import { headline } from '../../../src/shared/jobs/words'
import { writeFileAtomic } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { startOldDaemon } from '../../support/pm2'
import { freePort } from '../../support/ports'
import type { TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, pidOf, refusal, tinyWorkspace } from './lifecycle'

let workspace: TestWorkspace
/** `compiled` has a package for another Node.js; `plain` hasn't, and its release is as old. */
const names = ['compiled', 'plain'] as const

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await startOldDaemon(workspace.host.pm2Home)
  await workspace.startInfrastructure()
  for (const name of names) await workspace.create({ name })
  const { instances, releases } = workspacePaths(workspace.root)
  const addon = join(instances, 'compiled/server/node_modules/fast-hash/build/hash.node')
  await mkdir(join(addon, '..'), { recursive: true })
  await writeFile(addon, Buffer.from('\x7fELF node_register_module_v108\0', 'latin1'))
  const { release } = JSON.parse(await readFile(join(instances, 'compiled/config.json'), 'utf8')) as { release: string }
  const described = join(releases, release, 'release.json')
  const changed = { ...JSON.parse(await readFile(described, 'utf8')), nodeMajor: '18' }
  await writeFileAtomic(described, JSON.stringify(changed), 0o600) // half of one would be tidied away
})
afterAll(() => workspace.remove())

const portOf = async (name: string): Promise<number> =>
  (await workspace.services.instances.registry.list()).instances.find(it => it.name === name)?.port ?? 0

const refused = {
  code: 'node-changed',
  cause: 'It has packages that were compiled for Node.js 18: fast-hash.',
}

it('a restart is refused, and it keeps running', async () => {
  const pid = await pidOf(workspace, 'compiled')
  expect(await refusal(workspace, 'restart', { name: 'compiled' })).toMatchObject(refused)
  expect(await pidOf(workspace, 'compiled')).toBe(pid)
  await mustDo(workspace, 'restart', { name: 'plain' })
})

it('so are jobs that would stop it and start it again', async () => {
  const pid = await pidOf(workspace, 'compiled')
  for (const [kind, input] of [
    ['change-port', { name: 'compiled', port: await freePort() }],
    ['rename', { name: 'compiled', to: 'renamed' }],
    ['seamless', { name: 'compiled' }],
  ] as const)
    expect(await refusal(workspace, kind, input)).toMatchObject(refused)
  expect(await pidOf(workspace, 'compiled')).toBe(pid)
})

it('a new process manager takes over the others, and leaves it where it runs', async () => {
  const pid = await pidOf(workspace, 'compiled')
  expect(await workspace.services.instances.unfitToRestart()).toEqual(['compiled'])
  const state = await job(workspace, 'pm2-restart', {})
  expect(resultsOf(state).map(({ name, result }) => [name, result?.problem?.code])).toEqual([
    ['compiled', 'node-changed'],
    ['plain', undefined],
  ])
  expect(headline(state)).toBe('The process manager was restarted; 1 of 2 instances runs under it')
  expect(await pidOf(workspace, 'compiled')).toBe(pid)
  expect(await answerOf(await portOf('compiled'))).toContain('compiled')
  const former = (await workspace.processes.list()).filter(it => it.former).map(it => it.name)
  expect(former).toEqual(['compiled'])
})

it('stopped, it isn’t started', async () => {
  await mustDo(workspace, 'stop', { name: 'compiled' })
  expect(await refusal(workspace, 'start', { name: 'compiled' })).toMatchObject(refused)
})
