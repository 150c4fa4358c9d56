/** What a compromised application can read once its instance has a system user of its own; as root, on real PM2. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeApp } from '../../../src/main/compose'
import type { App } from '../../../src/main/app'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { findSystemUser, identityOf } from '../../../src/main/instances/system-user/identity'
import { handBack, handOver } from '../../../src/main/instances/system-user/hand-over'
import { createRun } from '../../../src/main/system/run'
import { engineSocket } from '../../../src/main/transport/local-client'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut, type CliInstance } from '../../support/cli-instance'
import { freePort } from '../../support/ports'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'

/** An application that runs whatever it is sent, as one with a hole would. */
const hole = (port: number): string => `
const AsyncFunction = (async () => undefined).constructor
require('node:http').createServer((request, response) => {
  const parts = []
  request.on('data', it => parts.push(it)).on('end', async () => {
    const answer = await new AsyncFunction('require', Buffer.concat(parts).toString())(require).catch(error => 'failed: ' + (error.code ?? error.message))
    response.end(String(answer))
  })
}).listen(${port}, '127.0.0.1')`

/**
 * Swaps the folder `a` for a link to another one and back, until it is ended. In argv: the folder to work in, unless it
 * is there already; where the link leads.
 */
const swapping = `
const fs = require('node:fs')
const [folder, outside] = process.argv.slice(1)
try { if (folder) process.chdir(folder) } catch { process.exit() }
console.log('in')
for (;;) {
  for (const step of [() => fs.renameSync('a', 'b'), () => fs.symlinkSync(outside, 'a'), () => fs.unlinkSync('a'), () => fs.renameSync('b', 'a')]) {
    try { step() } catch { /* it is being looked at, or another one of us is at it */ }
  }
}`

/** Starts one as a user, as cron or at would: root enters the folder, then becomes that user. */
const swapper = ({ uid, gid }: { readonly uid: number; readonly gid: number }, cwd: string, ...args: string[]) =>
  spawn('node', ['-e', swapping, ...args], {
    uid,
    gid,
    cwd,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })

describeWhere(canMakeUsers, whyNoUsers)('an instance with a system user of its own', () => {
  let workspace: TestWorkspace
  let app: App
  let other: SecondUser
  let [evil, victim] = [{} as CliInstance, {} as CliInstance]

  const job = async (kind: string, input: object): Promise<void> => {
    const { operations } = app.workspace
    const state = await operations.settled(await operations.start(kind, input))
    expect([state.turned, state.phase]).toEqual([undefined, 'succeeded'])
  }
  /** Runs code inside the application with the hole. */
  const inside = async (code: string): Promise<string> => {
    // a connection that is kept may be a predecessor's
    const request = { method: 'POST', body: code, headers: { connection: 'close' } }
    return (await fetch(`http://127.0.0.1:${evil.port}/`, request)).text()
  }
  const read = (path: string): Promise<string> =>
    inside(`return require('node:fs').readFileSync(${JSON.stringify(path)}, 'utf8')`)
  const connect = (path: string): Promise<string> =>
    inside(`return new Promise((resolve, reject) =>
    require('node:net').connect(${JSON.stringify(path)}).on('connect', () => resolve('connected')).on('error', reject))`)

  beforeAll(async () => {
    other = await secondUser()
    workspace = await testWorkspace({ prepare: makeTiny })
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    app = composeApp({ ...workspace.host, kind: 'serve' })
    await app.open(workspace.root)
    const place = { root: workspace.root, services: app.workspace }
    ;[evil, victim] = [await layOut(place, 'evil'), await layOut(place, 'victim')]
    await writeFile(join(evil.server, 'index.js'), hole(evil.port))
    await writeFile(join(workspacePaths(workspace.root).state, 'secrets.json'), '{"superuser":"hunter2"}', {
      mode: 0o600,
    })
    for (const name of ['evil', 'victim']) await job('start', { name })
  })
  afterAll(async () => {
    for (const name of ['evil', 'victim']) await job('unisolate', { name }).catch(() => undefined)
    await app.close()
    await workspace.remove()
    await other.remove()
  })

  it('without one, it reads everything', async () => {
    expect(await inside('return process.getuid()')).toBe('0')
    expect(await read(join(victim.server, '.env'))).toContain(victim.password)
    expect(await read(join(workspacePaths(workspace.root).state, 'secrets.json'))).toContain('hunter2')
    expect(await connect(join(workspacePaths(workspace.root).state, engineSocket))).toBe('connected')
    expect(await connect(pm2Paths(workspace.host.pm2Home).rpc)).toBe('connected')
    expect(await inside('return typeof process.send')).toBe('function')
  })

  it('runs as that user, without any group of ours', async () => {
    for (const name of ['evil', 'victim']) await job('isolate', { name })
    const user = await findSystemUser(workspacePaths(workspace.root), 'evil')
    expect(
      JSON.parse(
        await inside(
          'return JSON.stringify([process.getuid(), process.getgid(), process.getgroups(), process.env.USER, process.env.HOME])',
        ),
      ),
    ).toEqual([user?.uid, user?.gid, [user?.gid], user?.name, evil.folder])
    expect(await (await fetch(`http://127.0.0.1:${victim.port}/`)).text()).toContain('victim')
  })

  it('has a terminal as that user, without any group of ours', async () => {
    const { terminals } = app.workspace
    const ending = new AbortController()
    let text = ''
    for await (const it of terminals.open({ name: 'evil', columns: 80, rows: 24 }, undefined, ending.signal)) {
      if (it.kind === 'opened') terminals.type(it.id, 'echo "$(id -u) $(id -G) $HOME $SUDO_UID-"\r', undefined)
      if (it.kind === 'output') text += it.text
      if (/\d .*-\r/.test(text)) ending.abort()
    }
    const user = await findSystemUser(workspacePaths(workspace.root), 'evil')
    expect(text).toContain(`${user?.uid} ${user?.gid} ${evil.folder} -`)
  })

  it('reads no other instance, no secret of ours, and reaches neither the engine nor PM2', async () => {
    const { state } = workspacePaths(workspace.root)
    const { rpc, bus, dump } = pm2Paths(workspace.host.pm2Home)
    for (const path of [
      join(victim.server, '.env'),
      join(victim.folder, 'db-config.json'),
      join(state, 'secrets.json'),
      join(state, 'lock'),
      dump,
      '/etc/shadow',
    ]) {
      expect([path, await read(path)]).toEqual([path, 'failed: EACCES'])
    }
    expect(await inside('return [typeof process.send, process.env.NODE_CHANNEL_FD]')).toBe('undefined,')
    for (const path of [join(state, engineSocket), rpc, bus])
      expect([path, await connect(path)]).toEqual([path, 'failed: EACCES'])
  })

  it('reads its own code and .env, writes its data, and changes neither code nor what is read as root', async () => {
    expect(await read(join(evil.server, '.env'))).toContain(evil.password)
    const write = (path: string): Promise<string> =>
      inside(`require('node:fs').writeFileSync(${JSON.stringify(path)}, 'mine'); return 'written'`)
    expect(await write(join(evil.server, 'uploads/profile-pics/me.png'))).toBe('written')
    for (const path of [
      join(evil.server, 'index.js'),
      join(evil.server, '.env'),
      join(evil.server, 'new.js'),
      join(evil.folder, 'config.json'),
      join(evil.folder, 'x'),
    ]) {
      expect([path, await write(path)]).toEqual([path, 'failed: EACCES'])
    }
    const plant = `const fs = require('node:fs'); fs.renameSync('.env', '.env.old'); fs.symlinkSync('/etc/shadow', '.env'); return 'planted'`
    expect(await inside(plant)).toBe('failed: EACCES')
    expect(
      await inside(
        `require('node:fs').renameSync(${JSON.stringify(evil.server)}, ${JSON.stringify(`${evil.server}2`)}); return 'moved'`,
      ),
    ).toBe('failed: EACCES')
  })

  it('is closed to every other user of the machine', async () => {
    for (const path of [
      join(evil.server, '.env'),
      join(evil.server, 'index.js'),
      join(evil.server, 'uploads/profile-pics/me.png'),
    ]) {
      await expect(
        other.run(`import { readFileSync } from 'node:fs'; readFileSync(process.argv[2])`, path),
      ).rejects.toThrow('EACCES')
    }
  })

  it('keeps its user when it is restarted, moved to another port, and by PM2 itself', async () => {
    const uid = String((await findSystemUser(workspacePaths(workspace.root), 'evil'))?.uid)
    await job('restart', { name: 'evil' })
    await until(async () => (await inside('return process.getuid()').catch(() => '')) === uid)
    const before = await inside('return process.pid')
    await inside('process.exit(1)').catch(() => undefined) // PM2 starts it again
    await until(async () => ![before, ''].includes(await inside('return process.pid').catch(() => '')))
    expect(await inside('return process.getuid()')).toBe(uid)
    await job('stop', { name: 'victim' })
    await job('change-port', { name: 'victim', port: await freePort() })
    expect((await stat(join(victim.server, '.env'))).mode & 0o777).toBe(0o640)
    await job('start', { name: 'victim' })
    const dumped = JSON.parse(await readFile(pm2Paths(workspace.host.pm2Home).dump, 'utf8')) as {
      name: string
      uid: number
      gid: number
    }[]
    expect(dumped.map(it => it.name).toSorted()).toEqual(['evil', 'victim'])
    for (const it of dumped) expect(it.uid).toBeGreaterThan(0)
  })

  describe('while root changes the owners of its files', () => {
    let its: CliInstance
    let uploads: string
    let outside: string
    const names = Array.from({ length: 300 }, (_, index) => `file-${index}`)
    const userOfIts = async () => {
      const user = await findSystemUser(workspacePaths(workspace.root), 'swapped')
      if (!user) throw new Error('it has no system user')
      return user
    }
    const isClosed = async (): Promise<boolean> => ((await stat(its.folder)).mode & 0o777) === 0o700
    /** Owners of what must stay as it is. */
    const ownersOutside = async (): Promise<number[]> => [
      ...new Set((await Promise.all(names.map(it => lstat(join(outside, it))))).flatMap(it => [it.uid, it.gid])),
    ]

    beforeAll(async () => {
      its = await layOut({ root: workspace.root, services: app.workspace }, 'swapped')
      ;[uploads, outside] = [join(its.server, 'uploads'), join(workspace.home, 'outside')]
      for (const folder of [join(uploads, 'a'), outside]) {
        await mkdir(folder)
        for (const it of names) await writeFile(join(folder, it), it, { mode: 0o600 })
      }
      for (const it of names) await mkdir(join(uploads, it)) // so that the change takes a while
      await job('isolate', { name: 'swapped' })
    })
    afterAll(() => job('unisolate', { name: 'swapped' }).catch(() => undefined))

    /** Both ways, with what root does itself. @param before as whose its files come back */
    const hand = async (way: typeof handBack, before: Parameters<typeof handBack>[2]): Promise<void> =>
      way(
        { paths: workspacePaths(workspace.root), run: createRun('test') },
        'swapped',
        before,
        new AbortController().signal,
      )
    const ownersBefore = async () =>
      (
        JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8')) as {
          systemUser: { before: Parameters<typeof handBack>[2] }
        }
      ).systemUser.before

    it('processes of its user, there before or started meanwhile, can neither enter nor lead root elsewhere', async () => {
      const [user, before] = [await userOfIts(), await ownersBefore()]
      const early = swapper(user, uploads, '', outside)
      const ended = once(early, 'exit')
      await once(early.stdout, 'data')
      const seen = new Set<string>()
      const done = new AbortController()
      /** As a cron daemon that doesn't ask PAM. */
      const newcomers = (async () => {
        for (; !done.signal.aborted; await delay(20)) {
          const late = swapper(user, '/', uploads, outside)
          const timer = setTimeout(() => late.kill('SIGKILL'), 1000)
          await once(late, 'exit')
          clearTimeout(timer)
        }
      })()
      const looks = (async () => {
        for (; !done.signal.aborted; await delay(1)) {
          if (!(await isClosed())) continue
          const { exitCode, signal } = await execa('ls', [uploads], {
            uid: user.uid,
            gid: user.gid,
            cwd: '/',
            reject: false,
          })
          if ((await isClosed()) && signal === undefined) seen.add(exitCode === 0 ? 'got in' : 'shut out')
        }
      })()
      try {
        for (let round = 0; round < 5 || (round < 50 && seen.size === 0); round++)
          for (const way of [handBack, handOver]) await hand(way, before)
      } finally {
        done.abort()
        await Promise.all([newcomers, looks])
      }
      expect((await ended)[1]).toBe('SIGKILL')
      expect([...seen]).toEqual(['shut out'])
      expect(await ownersOutside()).toEqual([0])
    })

    it('nor can another user that got one of its folders, still open, passed to it', async () => {
      const [user, before] = [await userOfIts(), await ownersBefore()]
      await chmod(uploads, 0o777)
      const accomplice = swapper(other, uploads, '', outside)
      const ended = once(accomplice, 'exit')
      await once(accomplice.stdout, 'data')
      for (let round = 0; round < 5; round++) {
        for (const way of [handBack, handOver])
          // what it looks for may just be gone
          await hand(way, { ...before, 'server/uploads': { uid: 0, gid: 0, mode: 0o777 } }).catch(() => undefined)
      }
      accomplice.kill('SIGKILL')
      await ended
      expect(await ownersOutside()).toEqual([0])
      await hand(handOver, before)
      const entries = await Promise.all((await readdir(uploads)).map(it => lstat(join(uploads, it))))
      expect(new Set(entries.map(it => it.uid))).toEqual(new Set([user.uid]))
    })
  })

  it('its account is expired: PAM lets nobody run anything as it', async () => {
    const { name } = identityOf(workspacePaths(workspace.root), 'evil')
    expect(
      (await readFile('/etc/shadow', 'utf8'))
        .split('\n')
        .find(it => it.startsWith(`${name}:`))
        ?.split(':')[7],
    ).toBe('1')
    const { exitCode, stderr } = await execa('su', ['-s', '/bin/sh', name, '-c', 'id'], {
      reject: false,
      env: { LC_ALL: 'C' },
    })
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('expired')])
  })
})
