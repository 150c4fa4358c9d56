/** A window shows a workspace that a server has open: through that server's engine, over its socket. */
import { EventEmitter } from 'node:events'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Router } from '../../../src/main/api/router'
import type { App } from '../../../src/main/app'
import type { Desktop } from '../../../src/main/faces'
import { composeApp } from '../../../src/main/compose'
import { connectWindow, type Line } from '../../../src/main/transport/window-line'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { createSample } from '../../../src/main/workspace/sample'
import { bridgeSocket } from '../../../src/renderer/src/app/bridge-socket'
import type { AppState } from '../../../src/shared/workspace'
import { layOut } from '../../support/cli-instance'
import { product, version } from '../../support/workspace'
import { pageLine, signIn, startServer, tokenIn, type TestServer } from './server'

let server: TestServer
let root: string
let app: App
/** The addresses that the system's browser was asked to open. */
let visited: string[]
let page: { readonly client: TRPCClient<Router>; readonly state: () => AppState | undefined; close(): void }

beforeEach(async () => {
  server = await startServer()
  root = join(server.home, 'school')
  await createSample(product.sampleApp, root)
  await server.app.open(root)
  const data = join(server.home, 'window')
  await mkdir(data)
  visited = []
  app = composeApp({
    kind: 'window',
    version,
    home: server.home,
    product,
    data,
    defaults: join(data, 'defaults.json'),
    pm2Home: join(server.home, '.pm2'),
    lockWait: 0,
    desktop: {
      chooseFolder: () => Promise.resolve('/chosen/here'),
      openExternal: url => Promise.resolve(void visited.push(url)),
    } satisfies Partial<Desktop> as unknown as Desktop,
  })
  page = windowPage(app)
})
afterEach(async () => {
  page.close()
  await app.leave()
  await server.remove()
})

/** The page of a window: its own code, and no Electron between it and the app. */
function windowPage(of: App): typeof page {
  const socket = createWSClient({
    url: 'bridge:',
    WebSocket: bridgeSocket({
      connect({ onMessage, onClose }) {
        const line = Object.assign(new EventEmitter(), {
          readyState: 1,
          send: (text: string) => void setImmediate(onMessage, text),
          close(this: { readyState: number } & EventEmitter) {
            if (this.readyState !== 1) return
            this.readyState = 3
            this.emit('close')
            setImmediate(onClose)
          },
        }) satisfies Line
        connectWindow(line, of)
        return { send: text => void line.emit('message', Buffer.from(text), false), close: () => line.close() }
      },
    }),
    retryDelayMs: () => 20,
  })
  const client = createTRPCClient<Router>({ links: [wsLink({ client: socket })] })
  let state: AppState | undefined
  client.app.watch.subscribe(undefined, {
    onData: it => {
      state = it
    },
  })
  return { client, state: () => state, close: () => void socket.close() }
}

const shown = () => page.state()?.workspace

it('says where it is open, and gives the way in: here, or by a link', async () => {
  await app.reopen(root)
  await expect
    .poll(() => page.state()?.problem)
    .toMatchObject({
      code: 'workspace-locked',
      cause: expect.stringContaining(`process ${process.pid} at 127.0.0.1:${server.port}`) as string,
      action: 'sign-in-link',
      workspace: root,
    })
  const { link } = await page.client.app.linkTo.mutate({ path: root })
  expect(await signIn(server.socket(), { token: tokenIn(link) })).toHaveProperty('key')
})

it('shows what the engine says, and keeps its own dialogs', async () => {
  await layOut({ root, services: server.app.workspace }, 'Alpha', 5999)
  await page.client.app.join.mutate({ path: root })
  await expect.poll(shown).toEqual({
    path: root,
    name: 'school',
    through: { address: `127.0.0.1:${server.port}` },
  })
  expect(page.state()).toMatchObject({ served: true, desktop: true })
  expect(app.opened).toBeUndefined() // everything is asked of the other
  let names: readonly string[] = []
  const watching = page.client.instances.watch.subscribe(undefined, {
    onData: ({ instances }) => {
      names = instances.map(it => it.name)
    },
  })
  await expect.poll(() => names).toEqual(['Alpha'])
  await layOut({ root, services: server.app.workspace }, 'Beta', 5998)
  await expect.poll(() => names).toEqual(['Alpha', 'Beta'])
  watching.unsubscribe()
  expect((await page.client.serve.status.query()).port).toBe(server.port)
  expect(await page.client.app.chooseFolder.mutate({ title: 'Choose' })).toBe('/chosen/here')

  const url = (await page.client.instances.list.query()).instances[0]?.url ?? ''
  await page.client.app.openExternal.mutate({ url })
  expect(visited).toEqual([url])
  await expect(page.client.app.openExternal.mutate({ url: 'http://evil.example' })).rejects.toMatchObject({
    data: { problem: { code: 'url-unknown' } },
  })

  const printed: string[] = []
  const shell = page.client.terminal.open.subscribe(
    { name: 'Alpha', columns: 80, rows: 24 },
    { onData: it => printed.push(it.kind === 'output' ? it.text : it.kind) },
  )
  await expect.poll(() => printed.length).toBeGreaterThan(1) // a window's terminal, whichever engine runs it
  shell.unsubscribe()

  await page.client.app.close.mutate()
  await expect.poll(shown).toBeUndefined()
  expect(server.app.opened?.paths.root).toBe(root) // leaving it closes nothing there
})

it('says when the engine has ended, and opens the workspace itself', async () => {
  await page.client.app.join.mutate({ path: root })
  await expect.poll(shown).toBeDefined()
  await server.app.close()
  await expect.poll(() => page.state()?.problem).toMatchObject({ code: 'engine-ended', workspace: root })
  expect(shown()).toBeUndefined()
  await page.client.app.open.mutate({ path: root })
  await expect.poll(shown).toMatchObject({ path: root, name: 'school' })
  expect(shown()?.through).toBeUndefined()
  expect(await page.client.instances.suggestPort.query()).toBeGreaterThan(0)
})

it('opens it itself if nobody has it any more', async () => {
  await server.app.close()
  await page.client.app.join.mutate({ path: root })
  await expect.poll(shown).toMatchObject({ path: root, name: 'school', node: { fits: true } })
  expect(app.opened?.paths.root).toBe(root)
})

it('trusts no socket in a folder that others may enter', async () => {
  await chmod(workspacePaths(root).state, 0o711)
  for (const ask of [() => app.join(root), () => app.linkTo(root)])
    await expect(ask()).rejects.toMatchObject({ problem: { code: 'workspace-foreign' } })
})

it('is for windows: a served page can’t leave the limits of its session', async () => {
  await expect(pageLine(server).client.app.join.mutate({ path: root })).rejects.toMatchObject({
    data: { problem: { code: 'not-a-window' } },
  })
})
