/** What a rebuild and a rollback find left over, refuse, and keep for the way back. */
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { exists } from '../../../src/main/system/files'
import { requires } from '../../support/requires'
import { mustSucceed, type TestWorkspace } from '../../support/workspace'
import { answerOf, job, mustDo, refusal, tinyWorkspace } from '../lifecycle/lifecycle'
import { holdTrial } from './held-trial'

const isRoot = process.getuid?.() === 0
let workspace: TestWorkspace
let port: number
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  ;({ port } = await workspace.create({ name: 'school' }).then(it => it.plan as unknown as { port: number }))
  await changeBase('two')
  await mustDo(workspace, 'rebuild', { name: 'school' })
})
afterAll(() => workspace.remove())

const inInstance = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)

async function changeBase(text: string): Promise<void> {
  const entry = join(workspace.root, 'server/index.js')
  await writeFile(entry, (await readFile(entry, 'utf8')).replace(/\n\/\/ version.*|$/, `\n// version ${text}`))
}

it('a data folder that is new in the manifest is there', async () => {
  const file = join(workspace.root, 'instance-manager.json')
  const { server, ...rest } = JSON.parse(await readFile(file, 'utf8')) as { server: object }
  await writeFile(file, JSON.stringify({ ...rest, server: { ...server, dataFolders: ['uploads', 'letters/sent'] } }))
  await changeBase('three')
  await mustDo(workspace, 'rebuild', { name: 'school' })
  expect((await stat(inInstance('server/letters/sent'))).isDirectory()).toBe(true)
})

it('a rollback that fails leaves the dump where it was', async () => {
  await writeFile(inInstance('.previous/database.dump'), 'a dump')
  const entry = inInstance('.previous/server/index.js')
  const text = await readFile(entry, 'utf8')
  await rm(entry) // it is shared with the release
  await writeFile(entry, `throw new Error('broken')\n${text}`)
  expect((await job(workspace, 'rollback', { name: 'school' })).turned?.problem).toMatchObject({
    code: 'trial-failed',
    message: 'The previous code of “school” doesn’t work.',
    details: expect.stringContaining('broken') as string,
  })
  await writeFile(entry, `if (process.env.pm_id) throw new Error('not under PM2')\n${text}`)
  expect((await job(workspace, 'rollback', { name: 'school' })).phase).toBe('rolled-back')
  expect(await readFile(inInstance('.previous/database.dump'), 'utf8')).toBe('a dump')
  await rm(entry)
  await writeFile(entry, text)
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect((await readdir(inInstance('.previous'))).filter(it => it.endsWith('.dump'))).toEqual([])
  await mustDo(workspace, 'rollback', { name: 'school' })
})

it('what an abandoned operation left is never taken for a copy', async () => {
  for (const slot of ['.replaced', '.next']) {
    await rename(inInstance('.previous'), inInstance(slot)) // as after an abandoned exchange, or rollback
    for (const kind of ['rebuild', 'rollback'])
      expect(await refusal(workspace, kind, { name: 'school' })).toMatchObject({
        code: 'exchange-abandoned',
        cause: `Code of the instance is still in ${inInstance(slot)}.`,
      })
    await rename(inInstance(slot), inInstance('.previous'))
  }
  await mkdir(inInstance('.next/server'), { recursive: true }) // of an abandoned rebuild
  await mustDo(workspace, 'rollback', { name: 'school' })
  expect(await exists(inInstance('.next'))).toBe(false)
})

it('goes on after a power cut once PostgreSQL is up again', async () => {
  const entry = join(workspace.root, 'server/index.js')
  const held = await holdTrial(workspace)
  await writeFile(entry, `${held.wait}\n${await readFile(entry, 'utf8')}`)
  const id = await held.begin('rebuild', { name: 'school' })
  await workspace.close()
  await workspace.killInfrastructure()
  await held.letGo()
  await workspace.open()
  mustSucceed(await workspace.services.operations.settled(id))
  expect(await answerOf(port)).toBe('school ')
})

it('what can’t be moved is refused before the instance is stopped', async context => {
  requires(context, isRoot, 'only root can mount a disk')
  await execa('mount', ['-t', 'tmpfs', 'im-test', inInstance('server/letters')])
  try {
    expect(await refusal(workspace, 'rebuild', { name: 'school' })).toMatchObject({
      code: 'instance-mounts',
      cause: `${inInstance('server/letters')} is a mount point, which can’t be moved.`,
    })
    expect(await answerOf(port)).toBe('school ')
  } finally {
    await execa('umount', ['--lazy', inInstance('server/letters')])
  }
})

it('an instance’s folder that is a link to another disk', async context => {
  requires(context, isRoot, 'only root can mount a disk')
  const disk = join(workspace.home, 'disk')
  await mkdir(disk)
  await execa('mount', ['-t', 'tmpfs', 'im-test', disk])
  try {
    await mustDo(workspace, 'stop', { name: 'school' })
    await execa('cp', ['--archive', inInstance(), disk])
    await rm(inInstance(), { recursive: true })
    await symlink(join(disk, 'school'), inInstance())
    for (const version of ['four', 'five']) {
      await changeBase(version)
      await mustDo(workspace, 'rebuild', { name: 'school' })
      expect(await readFile(inInstance('server/index.js'), 'utf8')).toContain(`// version ${version}`)
    }
    await mustDo(workspace, 'rollback', { name: 'school' })
    expect(await readFile(inInstance('server/index.js'), 'utf8')).toContain('// version four')
    await mustDo(workspace, 'delete', { name: 'school', confirm: 'DELETE' })
  } finally {
    await execa('umount', ['--lazy', disk])
  }
})
