/**
 * Another user of this machine, to test what such a user can do to us. Created as root, removed by the test. Linux
 * only.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { execa } from 'execa'

export const canMakeUsers = process.getuid?.() === 0
export const whyNoUsers = 'a second Unix user can only be created as root'

export interface Running {
  /** The next line that the program prints. @throws with its standard error output if it exits first */
  line(): Promise<string>
  stop(): Promise<void>
}

export interface SecondUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Runs a program. @param source an ES module for Node, with built-in modules only @returns its standard output */
  run(source: string, ...args: readonly string[]): Promise<string>
  /** Starts a long-running program, such as a server; `remove` stops it. */
  start(source: string, ...args: readonly string[]): Running
  remove(): Promise<void>
}

/** Its programs are piped to Node's standard input and run in `/`: the user can't read the test's own folders. */
export async function secondUser(): Promise<SecondUser> {
  const name = `im-test-${randomBytes(4).toString('hex')}`
  await execa('useradd', ['--no-create-home', '--shell', '/usr/sbin/nologin', name])
  const entry =
    (await readFile('/etc/passwd', 'utf8'))
      .split('\n')
      .find(it => it.startsWith(`${name}:`))
      ?.split(':') ?? []
  const [uid, gid] = [Number(entry[2]), Number(entry[3])]
  const running = new Set<Running>()

  const launch = (source: string, args: readonly string[]) => {
    // No groups but its own: libuv drops the others when root changes the user.
    const child = spawn('node', ['--input-type=module', '-', ...args], {
      uid,
      gid,
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
    })
    const told: string[] = []
    child.stderr.on('data', (chunk: Buffer) => told.push(chunk.toString()))
    child.stdin.on('error', () => undefined) // it exited before reading everything
    child.stdin.end(source)
    return { child, told }
  }

  return {
    name,
    uid,
    gid,
    async run(source, ...args) {
      const { child, told } = launch(source, args)
      const out: string[] = []
      child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()))
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error(`the second user's program exited with ${String(code)}: ${told.join('')}`)
      return out.join('')
    },
    start(source, ...args) {
      const { child, told } = launch(source, args)
      const ended = once(child, 'close')
      const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
      const started: Running = {
        async line() {
          const { done, value } = await lines.next()
          if (done) throw new Error(`the second user's program ended: ${told.join('')}`)
          return value
        },
        async stop() {
          running.delete(started)
          child.kill('SIGKILL')
          await ended
        },
      }
      running.add(started)
      return started
    },
    async remove() {
      await Promise.all([...running].map(it => it.stop()))
      await execa('userdel', ['--force', name])
    },
  }
}
