/**
 * Another user of the machine takes connections to the served pages and does nothing with them, in every way there is.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'
import { heard, signIn, startServer, tokenIn, type TestServer } from '../serve/server'

/**
 * Opens 300 connections, each with `say(stream)` once it is connected, keeps its side of each open, and replaces those
 * that end.
 */
const hold = (say: string): string => `
  import { connect } from 'node:net'
  const port = Number(process.argv[2])
  let connected = 0
  const upgrade = origin => 'GET /api HTTP/1.1\\r\\nHost: 127.0.0.1:' + port + '\\r\\nOrigin: ' + origin + '\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n' +
    'Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n'
  const own = 'http://127.0.0.1:' + port
  const say = ${say}
  const open = () => {
    const stream = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      say(stream)
      if (++connected === 300) console.log('held')
    })
    stream.on('error', () => undefined)
    stream.on('close', () => setTimeout(open, 500))
  }
  for (let count = 0; count < 300; count++) open()`

const ways: Readonly<Record<string, string>> = {
  'refused upgrades held half-open': `stream => stream.write(upgrade('http://evil.example')) && stream.resume()`,
  'nothing sent': `() => undefined`,
  'headers a byte at a time': `stream => { stream.write('GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n'); setInterval(() => stream.write('x'), 1000) }`,
  'answers that are not read': `stream => { stream.pause(); stream.write('GET /assets/app.js HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n'.repeat(20)) }`,
  'sockets that do not sign in': `stream => stream.write(upgrade(own)) && stream.resume()`,
  'half-closed after a request': `stream => stream.end('GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n')`,
}

describeWhere(canMakeUsers, whyNoUsers)('300 connections of another user', () => {
  let other: SecondUser
  let server: TestServer

  beforeAll(async () => {
    other = await secondUser()
  })
  afterAll(() => other.remove())
  beforeEach(async () => {
    server = await startServer()
  })
  afterEach(() => server.remove())

  it.each(Object.keys(ways))('keep nobody out and end no session: %s', async way => {
    const session = await server.signIn()
    const before = server.socket()
    await signIn(before, session)

    const attack = other.start(hold(ways[way] ?? ''), String(server.port))
    expect(await attack.line()).toBe('held')

    expect((await server.get('/')).status).toBe(200)
    const after = server.socket()
    expect(await signIn(after, { token: tokenIn(server.link()) })).toHaveProperty('key')
    for (const it of [before, after]) {
      it.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'serve.status' } }))
      expect(await heard(it)).toMatchObject({ result: { data: { sessions: 2 } } })
      it.terminate()
    }
    await attack.stop()
  })
})
