/** The workspace's lock, with the real flock and real processes. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { acquireLock, type Lock } from '../../../src/main/workspace/lock'

let folder: string
const children: ChildProcess[] = []
const locks: Lock[] = []
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'lock-')), '.instance-manager')
})
afterEach(async () => {
  await Promise.all(locks.splice(0).map(it => it.release()))
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(join(folder, '..'), { recursive: true })
})

const take = async (
  ...options: Parameters<typeof acquireLock> extends [string, ...infer Rest] ? Rest : never
): Promise<Lock> => {
  const lock = await acquireLock(folder, ...options)
  locks.push(lock)
  return lock
}

/** Another process that takes the lock and keeps it until it is ended. */
async function otherHolder(): Promise<ChildProcess> {
  const lock = fileURLToPath(new URL('../../../src/main/workspace/lock.ts', import.meta.url))
  const tsx = import.meta.resolve('tsx')
  const child = spawn(
    process.execPath,
    [
      '--import',
      tsx,
      '--input-type=module',
      '-e',
      `const { acquireLock } = await import(${JSON.stringify(lock)}); await acquireLock(${JSON.stringify(folder)}, 'serve'); console.log('taken'); setInterval(() => {}, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

/** The helpers of this process. */
async function helpers(): Promise<number[]> {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter(it => /^\d+$/.test(it))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    const parent = /PPid:\t(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1]
    if (command === 'cat\0' && Number(parent) === process.pid) found.push(Number(pid))
  }
  return found
}

const held = { problem: expect.objectContaining({ code: 'workspace-locked' }) as unknown }

describe('the lock', () => {
  it('is had although it cannot be written down who has it, e.g. on a full disk', async () => {
    await mkdir(join(folder, 'lock.json/in-the-way'), { recursive: true })
    await take('window')
    await expect(acquireLock(folder, 'serve')).rejects.toMatchObject({ problem: { code: 'workspace-locked' } })
  })

  it('makes the folder and its files private', async () => {
    await take('window')
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const modes = await Promise.all(
      (await readdir(folder)).map(async name => [name, (await stat(join(folder, name))).mode & 0o777]),
    )
    expect(modes).toEqual([
      ['lock', 0o600],
      ['lock.json', 0o600],
    ])
  })

  it('refuses a second holder and names the first', async () => {
    const child = await otherHolder()
    await expect(take('command')).rejects.toMatchObject({
      problem: {
        code: 'workspace-locked',
        cause: expect.stringContaining(`the headless server, process ${child.pid}`) as unknown,
      },
    })
  })

  it('names the command that has it', async () => {
    await take('command', { command: 'infra up' })
    await expect(take('window')).rejects.toMatchObject({
      problem: { cause: expect.stringContaining(`the command “infra up”, process ${process.pid}`) as unknown },
    })
  })

  it('can be taken again once it is released', async () => {
    const first = await take('window')
    await expect(take('command')).rejects.toMatchObject(held)
    await first.release()
    await first.release() // a second time is no harm
    await take('command')
  })

  it('is free at once when its holder is killed, and leaves no helper', async () => {
    const child = await otherHolder()
    child.kill('SIGKILL')
    await take('window', { waitMs: 20_000 })
    expect(JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8'))).toMatchObject({
      pid: process.pid,
      kind: 'window',
    })
    await locks.pop()?.release()
    expect(await helpers()).toEqual([])
  })

  it('does not believe a note that a dead process left', async () => {
    const child = await otherHolder()
    const dead = spawn('true')
    await once(dead, 'exit')
    await writeFile(
      join(folder, 'lock.json'),
      JSON.stringify({ pid: dead.pid, kind: 'window', since: new Date().toISOString() }),
    )
    await expect(take('command')).rejects.toMatchObject({ problem: { code: 'workspace-locked', cause: undefined } })
    child.kill('SIGKILL')
  })

  it('waits for a holder that lets go in time', async () => {
    const first = await take('window')
    const second = take('command', { waitMs: 20_000 })
    await first.release()
    await expect(second).resolves.toBeDefined()
  })

  it('says when it is lost', async () => {
    let lose = (): void => undefined
    const lost = new Promise<void>(resolve => {
      lose = resolve
    })
    await take('window', { onLost: () => lose() })
    for (const pid of await helpers()) process.kill(pid, 'SIGKILL')
    await expect(lost).resolves.toBeUndefined()
    const other = await otherHolder()
    await locks.pop()?.release()
    // it is not ours to remove
    expect(JSON.parse(await readFile(join(folder, 'lock.json'), 'utf8'))).toMatchObject({ pid: other.pid })
  })

  it('runs its helper in a group of its own, with nothing of our environment but PATH', async () => {
    await take('window')
    const [pid] = await helpers()
    expect(
      (await readFile(`/proc/${pid}/environ`, 'utf8'))
        .split('\0')
        .filter(Boolean)
        .map(it => it.split('=')[0]),
    ).toEqual(['PATH'])
    const group = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[2]
    expect(Number(group)).toBe(pid)
  })

  it('does not keep its process alive', async () => {
    const lock = fileURLToPath(new URL('../../../src/main/workspace/lock.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      [
        '--import',
        import.meta.resolve('tsx'),
        '--input-type=module',
        '-e',
        `const { acquireLock } = await import(${JSON.stringify(lock)}); await acquireLock(${JSON.stringify(folder)}, 'command')`,
      ],
      { stdio: 'inherit' },
    )
    children.push(child)
    expect((await once(child, 'exit'))[0]).toBe(0)
    await take('window', { waitMs: 20_000 })
  })
})
