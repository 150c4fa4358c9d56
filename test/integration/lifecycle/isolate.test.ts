/** An instance gets a system user and loses it again; as root, on real PM2. */
import { chmod, chown, link, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findSystemUser, identityOf } from '../../../src/main/instances/system-user/identity'
import { allPids, isAlive } from '../../../src/main/system/proc'
import { findUser } from '../../../src/main/system/users'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import { isOpen } from '../../../src/shared/operation'
import { until, type TestWorkspace } from '../../support/workspace'
import { answerOf, desired, job, mustDo, pidOf, refusal, statuses, tinyWorkspace } from './lifecycle'

describeWhere(canMakeUsers, whyNoUsers)('a system user of its own', () => {
  let workspace: TestWorkspace
  const used = new Set<string>()
  const userOf = (name: string) => findSystemUser(workspacePaths(workspace.root), name)
  const add = async (name: string): Promise<CliInstance> => {
    used.add(name)
    const its = await layOut(workspace, name)
    // As `releases` places packages: one inode, under the release's name and the instance's.
    await mkdir(join(its.server, 'node_modules'))
    await writeFile(join(workspace.home, `${name}-package.js`), 'module.exports = 1', { mode: 0o600 })
    await link(join(workspace.home, `${name}-package.js`), join(its.server, 'node_modules/package.js'))
    await writeFile(join(its.server, 'uploads/profile-pics/old.png'), 'old')
    return its
  }

  beforeAll(async () => {
    workspace = await tinyWorkspace()
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await workspace.startInfrastructure()
  })
  afterAll(async () => {
    for (const name of used) await job(workspace, 'unisolate', { name }).catch(() => undefined)
    await workspace.remove()
  })

  it("is given to one that runs and to one that is stopped; data is its own, packages stay root's", async () => {
    const [a, b] = [await add('a'), await add('b')]
    await mustDo(workspace, 'start', { name: 'a' })
    for (const name of ['a', 'b']) await mustDo(workspace, 'isolate', { name })
    expect(await answerOf(a.port)).toBe('a ')
    expect([await statuses(workspace), await desired(workspace)]).toEqual([{ a: 'online', b: 'not in PM2' }, ['a']])
    const user = await userOf('a')
    expect(await ownerOf(a.folder)).toEqual([0, user?.gid, 0o750])
    expect(await ownerOf(join(a.server, '.env'))).toEqual([0, user?.gid, 0o640])
    expect(await ownerOf(join(a.server, 'uploads/profile-pics/old.png'))).toEqual([user?.uid, user?.gid, 0o644])
    expect(await ownerOf(join(workspace.home, 'a-package.js'))).toEqual([0, 0, 0o644]) // read by all who can reach it
    expect((await workspace.services.instances.registry.list()).instances.map(it => it.isolated)).toEqual([true, true])
    await mustDo(workspace, 'start', { name: 'b' })
    expect((await stat(`/proc/${await pidOf(workspace, 'b')}`)).uid).toBe((await userOf('b'))?.uid)
    expect(await answerOf(b.port)).toBe('b ')
    expect(await refusal(workspace, 'isolate', { name: 'a' })).toMatchObject({ code: 'isolated-already' })
  })

  it('is taken away again: owners are as before, nothing is left as a trap, and nothing runs as it', async () => {
    const its = await add('c')
    const before = await owners(its.folder)
    await mustDo(workspace, 'start', { name: 'c' })
    await mustDo(workspace, 'isolate', { name: 'c' })
    const user = await userOf('c')
    const { uid, gid } = user ?? { uid: -1, gid: -1 }
    const mine = join(its.server, 'uploads/mine')
    await writeFile(join(workspace.home, 'precious'), 'precious')
    const left = spawn(
      'sh',
      [
        '-c',
        'cp /bin/true mine; chmod 4755 mine; ln -s "$0" link; mkdir -m 0700 deep; echo x > deep/x; echo done; exec sleep 600',
        join(workspace.home, 'precious'),
      ],
      { uid, gid, cwd: join(its.server, 'uploads'), stdio: ['ignore', 'pipe', 'ignore'] },
    )
    await new Promise(resolve => {
      left.stdout.once('data', resolve)
    })
    await mustDo(workspace, 'unisolate', { name: 'c' })
    expect(await isAlive(left.pid ?? 0)).toBe(false)
    expect(await findUser(user?.name ?? '')).toBeUndefined()
    expect(await readFile('/etc/group', 'utf8')).not.toContain(user?.name)
    expect((await lstat(mine)).mode & 0o6000).toBe(0) // not a program that runs as root
    const after = await owners(its.folder)
    for (const it of ['mine', 'link', 'deep', 'deep/x']) {
      expect(after[`server/uploads/${it}`]?.slice(0, 2)).toEqual([0, 0])
      delete after[`server/uploads/${it}`]
    }
    expect(after).toEqual({ ...before, 'config.json': [0, 0, 0o600], 'server/node_modules/package.js': [0, 0, 0o644] })
    expect(await ownerOf(join(workspace.home, 'precious'))).toEqual([0, 0, 0o644])
    expect(JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8'))).not.toHaveProperty('systemUser')
    expect((await stat(`/proc/${await pidOf(workspace, 'c')}`)).uid).toBe(0)
    expect(await refusal(workspace, 'unisolate', { name: 'c' })).toMatchObject({ code: 'not-isolated' })
  })

  it('is undone where the application cannot work with it', async () => {
    const its = await add('writes-beside')
    const before = await owners(its.folder)
    await writeFile(
      join(its.server, 'index.js'),
      `require('node:fs').writeFileSync(__dirname + '/beside', '')\n${await readFile(join(its.server, 'index.js'), 'utf8')}`,
    )
    await mustDo(workspace, 'start', { name: 'writes-beside' })
    const { operations } = workspace.services
    // a stuck one must not hold up the test
    const state = await operations.rested(await operations.start('isolate', { name: 'writes-beside' }))
    expect([state.phase, state.turned?.reason]).toEqual(['rolled-back', 'failed'])
    expect(await answerOf(its.port)).toBe('writes-beside ')
    expect((await stat(`/proc/${await pidOf(workspace, 'writes-beside')}`)).uid).toBe(0)
    expect(await findUser(identityOf(workspacePaths(workspace.root), 'writes-beside').name)).toBeUndefined()
    expect(await owners(its.folder)).toEqual({
      ...before,
      'config.json': [0, 0, 0o600],
      'server/node_modules/package.js': [0, 0, 0o644],
      'server/beside': [0, 0, 0o644],
    })
  })

  it('is finished after an interruption at any step', async () => {
    const its = await add('cut')
    await mustDo(workspace, 'start', { name: 'cut' })
    for (const kind of ['isolate', 'unisolate', 'isolate'] as const) {
      const id = await workspace.services.operations.start(kind, { name: 'cut' })
      const steps =
        workspace.services.operations
          .list()
          .find(it => it.id === id)
          ?.steps.map(it => it.name) ?? []
      for (const step of steps) {
        const state = await until(() =>
          workspace.services.operations
            .list()
            .find(
              it =>
                it.id === id && (!isOpen(it) || it.steps.some(one => one.name === step && one.status !== 'waiting')),
            ),
        )
        if (!isOpen(state)) break
        // It went by while the workspace was opened: a later one must not be interrupted once for each of these.
        if (state.steps.some(it => it.name === step && it.status === 'done')) continue
        await workspace.close() // interrupts what runs, as a crash does
        await workspace.open()
      }
      const state = await workspace.services.operations.settled(id)
      expect([kind, state.phase, state.turned]).toEqual([kind, 'succeeded', undefined])
      expect(await answerOf(its.port)).toBe('cut ')
      expect((await stat(`/proc/${await pidOf(workspace, 'cut')}`)).uid).toBe(
        kind === 'isolate' ? (await userOf('cut'))?.uid : 0,
      )
    }
  })

  it('is deleted though something starts processes as it for a while, as PM2 does with an application that ends', async () => {
    await add('busy')
    await mustDo(workspace, 'isolate', { name: 'busy' })
    const user = await userOf('busy')
    const starts = `const { spawn } = require('node:child_process'); setInterval(() => spawn('sleep', ['0.1'], { uid: ${user?.uid}, gid: ${user?.gid} }), 10); setTimeout(() => process.exit(), 2000)`
    const starter = spawn(process.execPath, ['-e', starts], { stdio: 'ignore' })
    await until(async () => (await runningAs(user?.uid)).length > 0)
    await mustDo(workspace, 'unisolate', { name: 'busy' })
    starter.kill('SIGKILL')
    expect(await userOf('busy')).toBeUndefined()
  })

  it('a missing one stops the instance from being started, as root above all; it is given one again', async () => {
    const its = await add('orphan')
    await mustDo(workspace, 'isolate', { name: 'orphan' })
    await execa('userdel', [(await userOf('orphan'))?.name ?? ''])
    expect((await job(workspace, 'start', { name: 'orphan' })).turned?.problem).toMatchObject({
      code: 'system-user-missing',
    })
    expect(await answerOf(its.port)).toBeUndefined()
    // Code that is the next user's by chance: root's again.
    const next = `next-${randomBytes(4).toString('hex')}`
    await execa('useradd', ['--system', '--no-create-home', next])
    const uid = (await findUser(next))?.uid ?? -1
    await execa('userdel', [next])
    await chown(join(its.server, 'index.js'), uid, 0)
    await mustDo(workspace, 'isolate', { name: 'orphan' })
    expect((await lstat(join(its.server, 'index.js'))).uid).not.toBe((await userOf('orphan'))?.uid)
    await mustDo(workspace, 'start', { name: 'orphan' })
    expect((await stat(`/proc/${await pidOf(workspace, 'orphan')}`)).uid).toBe((await userOf('orphan'))?.uid)
  })

  it('goes with the instance that is deleted, and what still runs as it', async () => {
    const its = await add('doomed')
    await makeDatabase(workspace, its)
    await mustDo(workspace, 'start', { name: 'doomed' })
    await mustDo(workspace, 'isolate', { name: 'doomed' })
    const user = await userOf('doomed')
    expect((await workspace.services.instances.previewDelete('doomed')).systemUser).toBe(user?.name)
    const { uid, gid, name } = user ?? { uid: -1, gid: -1, name: 'none' }
    const left = spawn('sleep', ['600'], { uid, gid, stdio: 'ignore' })
    const ran = await runningAs(uid)
    expect(ran).toContain(left.pid)
    const spool = '/var/spool/cron/crontabs'
    const made = await mkdir(spool, { recursive: true })
    const [byName, byOwner, another] = [name, `${name}-job`, `${name}-other`].map(it => join(spool, it)) as [
      string,
      string,
      string,
    ]
    try {
      for (const it of [byName, byOwner, another]) await writeFile(it, '* * * * * true')
      await chown(byOwner, uid, gid)
      await mustDo(workspace, 'delete', { name: 'doomed', confirm: 'DELETE' })
      expect((await readdir(spool)).filter(it => it.startsWith(name))).toEqual([basename(another)])
    } finally {
      for (const it of [byName, byOwner, another, ...(made === undefined ? [] : [made])])
        await rm(it, { recursive: true, force: true })
    }
    expect(await findUser(user?.name ?? '')).toBeUndefined()
    // not whatever runs with that number now: another test's new user may have got it
    expect((await Promise.all(ran.map(isAlive))).filter(Boolean)).toEqual([])
  })

  it('a user that is not ours is neither used nor deleted', async () => {
    const its = await add('taken')
    await makeDatabase(workspace, its)
    const { name } = identityOf(workspacePaths(workspace.root), 'taken')
    await execa('useradd', ['--system', '--no-create-home', '--comment', 'A person', name])
    try {
      expect(await refusal(workspace, 'isolate', { name: 'taken' })).toMatchObject({ code: 'system-user-foreign' })
      await mustDo(workspace, 'delete', { name: 'taken', confirm: 'DELETE' })
      expect(await findUser(name)).toMatchObject({ comment: 'A person' })
    } finally {
      await execa('userdel', [name])
    }
  })

  it('is refused where it could not reach the instance, or its data is elsewhere', async () => {
    const its = await add('far')
    await chmod(workspace.home, 0o700)
    expect(await refusal(workspace, 'isolate', { name: 'far' })).toMatchObject({
      code: 'system-user-shut-out',
      message: expect.stringContaining(workspace.home) as string,
      hint: expect.stringContaining(`“chmod o+x ${workspace.home}”`) as string,
    })
    await chmod(workspace.home, 0o711)
    await writeFile(join(workspace.root, 'server/.env'), 'EMAIL_PASSWORD=x', { mode: 0o644 })
    expect(await refusal(workspace, 'isolate', { name: 'far' })).toMatchObject({ code: 'base-env-open' })
    await chmod(join(workspace.root, 'server/.env'), 0o600)
    await symlink('/etc', join(its.server, 'elsewhere'))
    await writeFile(
      join(workspace.root, 'instance-manager.json'),
      JSON.stringify({ server: { dataFolders: ['uploads', 'elsewhere'] } }),
    )
    expect(await refusal(workspace, 'isolate', { name: 'far' })).toMatchObject({
      code: 'isolation-link',
      message: expect.stringContaining('elsewhere') as string,
    })
  })
})

/** The processes of a user. */
async function runningAs(uid: number | undefined): Promise<number[]> {
  const pids = await allPids()
  const texts = await Promise.all(pids.map(it => readFile(`/proc/${it}/status`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => texts[index]?.includes(`\nUid:\t${uid}\t`))
}

type Owned = [uid: number, gid: number | undefined, mode: number]
async function ownerOf(path: string): Promise<Owned> {
  const { uid, gid, mode } = await lstat(path)
  return [uid, gid, mode & 0o7777]
}

/** Of everything in a folder, by its path there; `.` is the folder. */
async function owners(folder: string): Promise<Record<string, Owned>> {
  const paths = (await readdir(folder, { recursive: true })).toSorted()
  return Object.fromEntries(
    await Promise.all(['.', ...paths].map(async it => [it, await ownerOf(join(folder, it))] as const)),
  )
}
