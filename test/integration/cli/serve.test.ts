/** `serve` as a command: in the foreground, without its terminal, as a unit, and what is asked about those that run. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ServeStatus } from '../../../src/shared/served'
import { makeTiny } from '../../support/tiny-base'
import { acquireLock } from '../../../src/main/workspace/lock'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { signIn, tokenIn } from '../serve/server'
import { cliHome, type CliHome } from './cli'
import { freePort } from '../../support/ports'

const director = '--director-name Ada --director-email ada@school.example --generate-password'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
  await makeTiny(home.root)
  await home.must('infra up')
})
afterAll(() => home.remove())

/** Whether a link opens a session. */
async function opens(link: string): Promise<boolean> {
  const { origin, host } = new URL(link)
  const socket = new WebSocket(`ws://${host}/api`, { headers: { origin } })
  const answer = await signIn(socket, { token: tokenIn(link) })
  socket.terminate()
  return typeof answer === 'object'
}
const linkIn = (text: string): string => /http:\S+token=\S+/.exec(text)?.[0] ?? ''
const serving = async (): Promise<readonly ServeStatus[]> => (await home.run('serve --status --json')).data

it('serves until Ctrl+C, at the port that was asked for', async () => {
  const port = await freePort()
  const server = home.start(['--workspace', home.root, 'serve', '--port', String(port), '--json'])
  await server.until(text => text.includes('"type":"serving"'))
  expect(await serving()).toMatchObject([{ port, address: '127.0.0.1', workspace: home.root, pid: server.child.pid }])
  expect((await home.run('list')).exit).toBe(0)
  server.child.kill('SIGINT')
  const ended = await server.ended
  expect(ended).toMatchObject({ exit: 0, ok: true, data: { port } })
  expect(String(ended.lines[0]?.['link'])).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/#token=`))
})

it('waits for what runs; a second Ctrl+C leaves it to the command that asked for it', async () => {
  const server = home.start(['--workspace', home.root, 'serve', '--port', String(await freePort())])
  await server.until(text => text.includes('token='))
  const create = home.start(['--workspace', home.root, '--json', 'create', 'deaf1', ...director.split(' ')])
  await create.until(text => text.includes('"type":"doing","step":"verify-health"'))
  server.child.kill('SIGINT')
  await server.until(text => text.includes('Waiting for running operations to finish.'))
  server.child.kill('SIGINT')
  expect((await server.ended).exit).toBe(130)
  const left = await create.ended
  const id = String(left.lines[0]?.id)
  expect(left).toMatchObject({ exit: 3, problem: { code: 'slow-start' }, data: { id, phase: 'stuck' } })
  expect(left.err).toContain('taking over')
  await home.must(`recover ${id} roll-back`)
  expect((await home.run('list --json')).data).toMatchObject({ instances: [] })
})

it('goes on without its terminal; is found, gives new links, and is stopped', async () => {
  const port = await freePort()
  const started = await home.run(`serve --detach --port ${port}`)
  expect(started.exit).toBe(0)
  expect(started.out).toContain(`ssh -L ${port}:127.0.0.1:${port} `)
  expect(await opens(linkIn(started.out))).toBe(true)
  expect(await serving()).toMatchObject([{ port, sessions: 1 }])
  const link = linkIn((await home.run('serve --link')).out)
  expect([await opens(link), await opens(link)]).toEqual([true, false])

  // A second server would only have an empty first screen: it gives the way into the first one.
  const [{ pid } = { pid: 0 }] = await serving()
  for (const second of [
    await home.run(`serve --detach --port ${await freePort()}`),
    await home.start(['serve']).ended, // the last workspace
  ]) {
    expect(second).toMatchObject({ exit: 4 })
    expect(second.err).toContain('This workspace is being served already.')
    expect(second.err).toContain(`By process ${pid}, at 127.0.0.1:${port}.`)
    expect(await opens(linkIn(second.out))).toBe(true)
  }
  expect(await home.run('serve --json')).toMatchObject({
    exit: 4,
    problem: { code: 'workspace-locked' },
    data: { pid, port, link: expect.stringContaining('token=') as string },
  })
  expect(await serving()).toHaveLength(1)

  expect(await home.run('serve --stop --json')).toMatchObject({ exit: 0, ok: true })
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
  expect(await home.run('serve --status --json')).toMatchObject({ exit: 1, data: [], problem: { code: 'not-serving' } })
  expect(await home.run('serve --stop --json')).toMatchObject({ exit: 4, problem: { code: 'not-serving' } })
})

it('refuses what does not go together, and a workspace that another has', async () => {
  for (const wrong of [
    '--detach --stop',
    '--address 0.0.0.0',
    '--certificate a.pem --key b.pem',
    '--port 80',
    '--port nine',
  ]) {
    expect(await home.run(`serve ${wrong} --json`)).toMatchObject({ exit: 2, ok: false })
  }
  for (const [kind, args] of [
    ['window', ['--workspace', home.root]],
    ['command', []], // the last workspace
  ] as const) {
    const lock = await acquireLock(workspacePaths(home.root).state, kind)
    try {
      const ran = await home.start([...args, 'serve', '--port', String(await freePort())]).ended
      expect(ran).toMatchObject({ exit: 4, out: '' })
      expect(ran.err).toContain(`It is a ${kind}, process ${process.pid}, since `)
    } finally {
      await lock.release()
    }
  }
  expect(
    await home.run('serve --address 127.0.0.1 --certificate /nowhere.pem --key /nowhere.pem --json'),
  ).toMatchObject({ exit: 4, problem: { code: 'serve-certificate' } })
})

it('asks which one is meant, where there are two', async () => {
  const ports = [await freePort(), await freePort()]
  await home.must(`serve --detach --port ${ports[0]}`)
  const other = (...args: readonly string[]) => home.start(['--workspace', join(home.path, 'other'), ...args]).ended
  expect(await other('init', '--sample')).toMatchObject({ exit: 0 })
  const taken = await other('serve', '--detach', '--port', String(ports[0]))
  expect(taken).toMatchObject({ exit: 1, out: '' })
  expect(taken.err).toMatch(new RegExp(`Instance Manager \\(process \\d+\\) is serving ${home.root} on it`))
  expect(await other('serve', '--detach', '--port', String(ports[1]))).toMatchObject({ exit: 0 })
  const running = await serving()
  expect(running).toHaveLength(2)
  expect(await home.run('serve --stop --json')).toMatchObject({ exit: 2 })
  for (const { port } of running) expect((await home.run(`serve --stop --port ${port}`)).exit).toBe(0)
})

it('prints a unit for systemd, whatever the folder is called', async () => {
  const ran = await home.start([
    '--workspace',
    join(home.path, '100% "odd" $HOME'),
    'serve',
    '--unit',
    '--port',
    '7700',
  ]).ended
  expect(ran.exit).toBe(0)
  expect(ran.out).toContain(
    `serve "--workspace" `.replaceAll('"', '') + `"${home.path}/100%% \\"odd\\" $HOME" --port 7700\n`,
  )
  expect(ran.out).toContain('KillMode=process')
  expect(ran.err).toContain('systemctl --user')
})
