/** A page's own side of signing in: with its server, and with whoever has the port of one that has ended. */
import { once } from 'node:events'
import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { pageLine, startServer, tokenIn, type TestServer } from './server'

let server: TestServer
beforeEach(async () => {
  server = await startServer()
})
afterEach(() => server.remove())

it('signs in with a link, then by itself, in as many tabs as there are', async () => {
  const first = pageLine(server)
  expect(await first.client.serve.status.query()).toMatchObject({ sessions: 1 })
  for (let tab = 0; tab < 3; tab++)
    expect(await pageLine(server, { store: first.store, token: null }).client.serve.status.query()).toMatchObject({
      sessions: 1,
    })
})

it('uses its session where a link was used already, and ends where it has none', async () => {
  const token = tokenIn(server.link())
  const { client, store } = pageLine(server, { token })
  await client.serve.status.query()
  const again = pageLine(server, { store, token })
  expect(await again.client.serve.status.query()).toMatchObject({ sessions: 1 })

  const stranger = pageLine(server, { token })
  await expect.poll(stranger.signedOut).toBe(true)
  expect(again.signedOut()).toBe(false)
})

it('says nothing but a proof to another server at its port, and does not believe it', async () => {
  const { client, store } = pageLine(server)
  await client.serve.status.query()
  const kept = await store.read()
  await expect(crypto.subtle.exportKey('raw', kept?.key as CryptoKey)).rejects.toThrow('not extractable')
  const { port } = server
  await server.close()

  const answers: ((nonce: string, proof: string) => object)[] = [
    (_, proof) => ({ proof }), // what the page sent, sent back
    nonce => ({ proof: createHmac('sha256', 'guess').update(nonce).digest('hex') }),
    () => ({ session: 'mine', key: '0'.repeat(64) }), // a session of its own
    () => ({ id: 1, result: { type: 'data' } }),
    () => [],
    () => ({ proof: null }),
  ]
  for (const answer of answers) {
    const said: string[] = []
    const rogue = new WebSocketServer({ port, host: '127.0.0.1' })
    onTestFinished(() => {
      rogue.close()
    })
    await once(rogue, 'listening')
    rogue.on('connection', (socket: WebSocket) => {
      socket.on('message', (data: Buffer) => {
        said.push(data.toString())
        const { nonce, proof } = JSON.parse(data.toString()) as { nonce: string; proof: string }
        socket.send(JSON.stringify(answer(nonce, proof)))
      })
      socket.send(JSON.stringify({ nonce: 'a'.repeat(64) }))
    })
    const page = pageLine(server, { store, token: null })
    void page.client.app.createSample.mutate({ path: '/secret' }).catch(() => undefined)
    await expect.poll(page.signedOut).toBe(true)
    expect(said.length).toBeGreaterThan(0)
    for (const it of said) {
      expect(Object.keys(JSON.parse(it) as object)).toEqual(['session', 'nonce', 'proof'])
    }
    for (const it of rogue.clients) it.terminate()
    await new Promise(done => {
      rogue.close(done)
    })
  }
})
