/** Shells on real terminals, as a window and as a browser reach them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TRPCClient } from '@trpc/client'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Router } from '../../../src/main/api/router'
import { environmentOf, isAlive } from '../../../src/main/system/proc'
import { marker } from '../../../src/main/system/sweep'
import { connectLocally, engineSocket, type LocalConnection } from '../../../src/main/transport/local-client'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { createSample } from '../../../src/main/workspace/sample'
import type { ShellNews } from '../../../src/shared/terminal'
import { mostUnread } from '../../../src/shared/terminal'
import { layOut } from '../../support/cli-instance'
import { canMakeUsers } from '../../support/second-user'
import { product, until } from '../../support/workspace'
import { pageLine, startServer, type TestServer } from './server'

let server: TestServer
let root: string
let local: LocalConnection
const shells: TestShell[] = []

beforeAll(async () => {
  server = await startServer()
  root = join(server.home, 'school')
  await createSample(product.sampleApp, root)
  await server.app.open(root)
  await layOut({ root, services: server.app.workspace }, 'Alpha', 5999)
  const found = await connectLocally(join(workspacePaths(root).state, engineSocket))
  if (!found) throw new Error('nobody listens')
  local = found
})
afterEach(() => {
  for (const it of shells.splice(0)) it.close()
})
afterAll(async () => {
  await local.close()
  await server.remove()
})

class TestShell {
  text = ''
  news: ShellNews[] = []
  problem: string | undefined
  /** Reports that it has drawn what it was sent. */
  reads = true
  readonly #client: TRPCClient<Router>
  readonly #subscription: { unsubscribe(): void }

  constructor(client: TRPCClient<Router> = local.client, name = 'Alpha') {
    this.#client = client
    this.#subscription = client.terminal.open.subscribe(
      { name, columns: 80, rows: 24 },
      {
        onData: it => {
          this.news.push(it)
          if (it.kind !== 'output') return
          this.text += it.text
          if (this.reads) void this.read(it.text.length)
        },
        onError: error => {
          this.problem = (error.data as { problem: { code: string } }).problem.code
        },
      },
    )
    shells.push(this)
  }

  get id(): string {
    const [first] = this.news
    return first?.kind === 'opened' ? first.id : ''
  }

  async opened(): Promise<this> {
    await until(() => this.id !== '' || this.problem !== undefined)
    return this
  }

  read(characters: number): Promise<void> {
    return this.#client.terminal.read.mutate({ id: this.id, characters }).catch(() => undefined)
  }

  resize(columns: number, rows: number): Promise<void> {
    return this.#client.terminal.resize.mutate({ id: this.id, columns, rows })
  }

  async type(text: string): Promise<void> {
    await this.#client.terminal.type.mutate({ id: this.id, text })
  }

  /** Types a command. @returns the first group of what it prints, once it has */
  async ask(command: string, answer: RegExp): Promise<string> {
    const before = this.text.length
    await this.type(`${command}\r`)
    let found: RegExpExecArray | null = null
    await until(() => (found = answer.exec(this.text.slice(before))) !== null)
    return (found as RegExpExecArray | null)?.[1] ?? ''
  }

  close(): void {
    this.#subscription.unsubscribe()
  }
}

it('is a terminal in the instance’s folder, without our environment', async () => {
  process.env['MANAGER_SECRET'] = 'hidden'
  const shell = await new TestShell().opened()
  delete process.env['MANAGER_SECRET']
  expect(await shell.ask('echo "in $PWD; $TERM; $(tty)" | tr a-z A-Z', /IN (.*)\r/)).toMatch(
    new RegExp(`^${join(root, 'instances', 'Alpha').toUpperCase()}; XTERM-256COLOR; /DEV/PTS/\\d+$`),
  )
  const pid = Number(await shell.ask('echo pid-$$-', /pid-(\d+)-/))
  const environment = await environmentOf(pid)
  expect(environment.has('PATH')).toBe(true)
  expect(environment.has('MANAGER_SECRET')).toBe(false)
  expect(environment.has(marker)).toBe(false) // a server that is started in it outlives us
  expect(await shell.ask('ls /proc/$$/fd | wc -l | sed s/^/files-/', /files-(\d+)\r/)).toMatch(/^[45]$/)

  await shell.resize(132, 50)
  await until(async () => (await shell.ask('echo size-$(stty size)', /size-(\d+ \d+)/)) === '50 132')

  await shell.ask('echo soon-$((6*7)); sleep 1000', /soon-42/)
  await shell.type('\u0003')
  await until(() => shell.text.includes('^C')) // before that, what is typed is dropped
  await shell.ask('echo after-$((6*7))', /after-42/)
  await shell.type('exit 3\r')
  await until(() => shell.news.at(-1)?.kind === 'ended')
  expect(shell.news.at(-1)).toEqual({ kind: 'ended', code: 3 })
  await expect(shell.type('x')).rejects.toMatchObject({ data: { problem: { code: 'shell-ended' } } })
})

it('ends with whoever watches it, and so do its programs', async () => {
  const shell = await new TestShell().opened()
  const pid = Number(await shell.ask('sleep 1000 & echo job-$!-', /job-(\d+)-/))
  await shell.type('sleep 2000\r')
  expect(await isAlive(pid)).toBe(true)
  shell.close()
  await until(async () => !(await isAlive(pid)))
})

it('a flood waits until it has been drawn, and Ctrl+C ends it', async () => {
  const shell = await new TestShell().opened()
  shell.reads = false
  await shell.type('yes\r')
  const heldBack = await until(async () => {
    const { length } = shell.text
    await new Promise(done => setTimeout(done, 300)) // enough for many megabytes
    return length >= mostUnread && shell.text.length === length && length
  })
  expect(heldBack).toBeLessThan(mostUnread + 200_000)
  shell.reads = true
  await shell.read(heldBack)
  await until(() => shell.text.length > 2 * mostUnread)
  await shell.type('\u0003')
  await until(() => shell.text.includes('^C'))
  await shell.ask('echo over-$((6*7))', /over-42/)
})

it('takes no more than a program reads', async () => {
  const shell = await new TestShell().opened()
  await shell.ask('stty -icanon -echo; echo raw-$((6*7))', /raw-42/)
  await shell.type('sleep 1; echo late-$((6*7)); sleep 1000\r')
  const text = 'x'.repeat(30_000)
  await expect(
    (async () => {
      for (let sent = 0; sent < 100; sent++) await shell.type(text)
    })(),
  ).rejects.toMatchObject({ data: { problem: { code: 'shell-busy' } } })
  await until(() => shell.text.includes('late-42')) // its output still arrives
})

it('is refused to a browser until the operator allows it on the machine', async () => {
  const { client } = pageLine(server)
  const allow = (value: 'on' | 'off') => ({ 'access.browserTerminal': value })
  expect((await new TestShell(client).opened()).problem).toBe('terminal-not-allowed')
  await expect(client.settings.change.mutate(allow('on'))).rejects.toMatchObject({
    data: { problem: { code: 'setting-elsewhere', field: 'access.browserTerminal' } },
  })
  await local.client.settings.change.mutate(allow('on'))
  const watched = vi.spyOn(server.app.workspace.settings, 'watch')
  const short = await new TestShell(client).opened()
  await short.type('exit\r')
  await until(() => watched.mock.lastCall?.[0].aborted === true) // it leaves no watcher behind
  watched.mockRestore()

  const theirs = await new TestShell(client).opened()
  await theirs.ask('echo hello-$((6*7))', /hello-42/)
  const ours = await new TestShell().opened()

  // whoever learns the id gains nothing by it
  await expect(client.terminal.type.mutate({ id: ours.id, text: 'touch mine\r' })).rejects.toMatchObject({
    data: { problem: { code: 'shell-ended' } },
  })

  await local.client.settings.change.mutate(allow('off'))
  await until(() => theirs.problem !== undefined)
  expect(theirs.problem).toBe('terminal-not-allowed')
  await ours.ask('echo still-$((6*7))', /still-42/)
})

it('is refused where the instance has a user of its own that we can’t be', async () => {
  const { folder } = await layOut({ root, services: server.app.workspace }, 'Beta', 5998)
  const path = join(folder, 'config.json')
  await writeFile(
    path,
    JSON.stringify({ ...(JSON.parse(await readFile(path, 'utf8')) as object), systemUser: { before: {} } }),
  )
  const shell = await new TestShell(local.client, 'Beta').opened()
  expect(shell.problem).toBe(canMakeUsers ? 'system-user-missing' : 'terminal-other-user')
})

it('ends with its workspace, which doesn’t wait for it', async () => {
  const shell = await new TestShell().opened()
  const pid = Number(await shell.ask('echo pid-$$-', /pid-(\d+)-/))
  expect(await isAlive(pid)).toBe(true)
  await server.app.close()
  await until(async () => !(await isAlive(pid)))
})
