import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'
import { connectLocally } from '../../../src/main/transport/local-client'

async function socketPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'im-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return join(folder, 'engine.sock')
}

it('doesn’t connect to an engine that ends just then', async () => {
  const path = await socketPath()
  const ending = createServer(stream => stream.destroy()).listen(path)
  onTestFinished(() => void ending.close())
  await once(ending, 'listening')
  expect(await connectLocally(path)).toBeUndefined()
})

it('once its engine has gone, a call fails at once instead of waiting for another', async () => {
  const path = await socketPath()
  const server = createHttpServer().listen(path)
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', socket =>
    socket.on('message', (text: Buffer) => {
      const { id } = JSON.parse(text.toString()) as { id: number }
      socket.send(JSON.stringify({ id, result: { type: 'data', data: [] } }))
    }),
  )
  await once(server, 'listening')
  const connection = await connectLocally(path)
  onTestFinished(() => connection?.close())
  expect(await connection?.client.settings.list.query()).toEqual([])
  for (const it of sockets.clients) it.terminate()
  await new Promise(resolve => server.close(resolve))
  await expect(connection?.client.settings.list.query()).rejects.toMatchObject({ name: 'TRPCClientError' })
  await expect(connection?.client.settings.list.query()).rejects.toMatchObject({ name: 'TRPCClientError' })
})
