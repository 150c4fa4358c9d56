/**
 * The served pages as someone sees them who should not: other sites in the operator's browser, other users of the
 * machine, the network.
 */
import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { heard, outcome, proofOf, raw, signIn, startServer, tokenIn, type Session, type TestServer } from './server'

const signedOut = 4401

let server: TestServer
const sockets: WebSocket[] = []
beforeEach(async () => {
  server = await startServer()
})
afterEach(async () => {
  for (const it of sockets.splice(0)) it.terminate()
  await server.remove()
})
const open = (...options: Parameters<TestServer['socket']>): WebSocket => {
  const socket = server.socket(...options)
  sockets.push(socket)
  return socket
}
/** A socket of a session. */
const enter = async (session: Session): Promise<WebSocket> => {
  const socket = open()
  expect(await signIn(socket, session)).toHaveProperty('proof')
  return socket
}
const call = { id: 1, method: 'query', params: { path: 'serve.status' } }

it('listens on loopback only', () => {
  expect(server.address).toBe('127.0.0.1')
})

it('gives its pages to anyone and sets no cookie: they hold no secret', async () => {
  const link = server.link()
  expect(link).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${server.port}/#token=[\\w-]{43}$`))
  for (const path of ['/', '/index.html', `/?token=${tokenIn(link)}`]) {
    const page = await server.get(path)
    expect(page.status).toBe(200)
    expect(page.body).toContain('the page')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['set-cookie']).toBeUndefined()
    expect(page.headers['content-security-policy']).toContain("script-src 'self';")
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(page.headers['x-content-type-options']).toBe('nosniff')
    expect(page.headers['referrer-policy']).toBe('no-referrer')
  }
  expect(await signIn(open(), { token: tokenIn(link) })).toHaveProperty('key') // no request used it up
})

it('answers no call before a socket has signed in, and closes one that tries', async () => {
  const socket = open()
  expect(await heard(socket)).toMatchObject({ nonce: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
  socket.send(JSON.stringify(call))
  expect(await heard(socket)).toBe(signedOut)
  const eager = open()
  await heard(eager)
  eager.send(JSON.stringify({ token: 'wrong' }))
  eager.send(JSON.stringify(call))
  expect(await heard(eager)).toBe(signedOut)
})

it('closes a socket that says nothing', async () => {
  const socket = open()
  await heard(socket)
  expect(await heard(socket)).toBe(4408)
})

it('takes a link once, and no wrong one; wrong ones lock nobody out', async () => {
  const token = tokenIn(server.link())
  for (let count = 0; count < 30; count++) expect(await signIn(open(), { token: `guess ${count}` })).toBe(signedOut)
  const socket = open()
  const welcome = await signIn(socket, { token })
  expect(welcome).toMatchObject({ session: expect.any(String) as string, key: expect.any(String) as string })
  socket.send(JSON.stringify(call))
  expect(await heard(socket)).toMatchObject({ id: 1, result: { data: { port: server.port, sessions: 1 } } })
  expect(await signIn(open(), { token })).toBe(signedOut)
})

it('wants a proof of the key, good for one socket and one side', async () => {
  const session = await server.signIn()
  const socket = open()
  const { nonce } = (await heard(socket)) as { nonce: string }
  const own = 'ab'.repeat(32)
  const hello = { session: session.id, nonce: own, proof: proofOf(session.key, 'page', nonce, own) }
  socket.send(JSON.stringify(hello))
  const { proof } = (await heard(socket)) as { proof: string }
  const wrong = [
    hello, // said again on another socket
    { ...hello, proof }, // the server's own
    { ...hello, proof: 'f'.repeat(64) },
    { ...hello, proof: '' },
    { ...hello, proof: null },
    { ...hello, nonce: '' },
    { id: session.id, key: 'f'.repeat(64) },
    { id: 'another', key: session.key },
    { id: '__proto__', key: session.key },
    { session: session.id },
    { session: session.id, key: session.key },
    { token: session.key },
    { token: '' },
    { token: 'x'.repeat(10_000) },
    [],
    {},
  ]
  for (const it of wrong) expect(await signIn(open(), it)).toBe(signedOut)
  await enter(session)
})

it('answers no name but its own, so that no site can rebind its name to us', async () => {
  for (const host of [
    'evil.example',
    `evil.example:${server.port}`,
    `127.0.0.1.evil.example:${server.port}`,
    'localhost@evil.example',
    '127.0.0.1:80:80',
    '[::1',
  ]) {
    expect((await server.get('/', { host })).status).toBe(421)
    expect(await outcome(open({ host, origin: `http://${host}` }))).toBe(403)
  }
  // The near side of a tunnel may have any port.
  for (const host of ['127.0.0.1:9', '[::1]:7600', '127.0.0.1'])
    expect((await server.get('/', { host })).status).toBe(200)
})

it('is not `localhost`, whose origin it would share with whoever listens on ::1: a page there is led to the address, and no socket is opened', async () => {
  for (const [host, location] of [
    ['localhost:8080', 'http://127.0.0.1:8080/'],
    ['LOCALHOST', 'http://127.0.0.1/'],
  ] as const) {
    expect(await server.get('/index.html', { host })).toMatchObject({ status: 307, headers: { location }, body: '' })
    expect(await outcome(open({ host }))).toBe(403)
  }
})

it('opens sockets to its own page only, not to another site or port', async () => {
  expect(await outcome(open())).toBe('open')
  expect(await outcome(open({ host: '127.0.0.1:8080' }))).toBe('open')
  for (const origin of [
    'http://evil.example',
    'http://localhost:9999',
    `https://127.0.0.1:${server.port}`,
    `http://127.0.0.1:${server.port}.evil.example`,
    'null',
    '',
  ]) {
    expect(await outcome(open({ origin }))).toBe(403)
  }
  for (const path of ['/', '/api2', '/api?connectionParams=1']) expect(await outcome(open({ path }))).toBe(403)
})

it('serves no file outside its pages', async () => {
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '//secret.txt',
    '/..\\secret.txt',
    '/%00',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    'http://127.0.0.1/../secret.txt',
    '/%E0%A4%A',
  ]) {
    const answer = await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
    expect(answer).not.toContain('not for pages')
    expect(answer).toMatch(/^HTTP\/1.1 (400|404|200)/)
  }
  expect((await server.get('/')).status).toBe(200)
})

it('changes nothing by requests of pages', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await raw(
      server.port,
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 405/)
  }
})

it('ends a socket that sends more than it may, and goes on', async () => {
  const session = await server.signIn()
  const socket = await enter(session)
  const closed = once(socket, 'close')
  socket.send('x'.repeat(2_000_000))
  const [code] = (await closed) as [number]
  expect([1006, 1009]).toContain(code)
  const other = await enter(session)
  other.send('{"nonsense')
  other.send(Buffer.from([0xff, 0x00]))
  expect((await server.get('/')).status).toBe(200)
})

it('ends a connection with thousands of calls at once, before any of them runs, while others are answered', async () => {
  const session = await server.signIn()
  const [greedy, other] = [await enter(session), await enter(session)]
  const answers: unknown[] = []
  greedy.on('message', (data: Buffer) => answers.push(data))
  const closed = once(greedy, 'close') as Promise<[number]>
  greedy.send(JSON.stringify(Array.from({ length: 9000 }, (_, id) => ({ ...call, id }))))
  greedy.send(JSON.stringify({ ...call, id: 'later' }))
  expect((await closed)[0]).toBe(4429)
  expect(answers).toEqual([])
  other.send(JSON.stringify(call))
  expect(await heard(other)).toMatchObject({ id: 1, result: { type: 'data' } })
})

it('counts calls that are not answered yet, over any number of messages, and takes any number one after the other', async () => {
  const session = await server.signIn()
  const patient = await enter(session)
  for (let id = 0; id < 1000; id++) {
    patient.send(JSON.stringify({ ...call, id }))
    expect(await heard(patient)).toMatchObject({ id })
  }
  const greedy = await enter(session)
  const closed = once(greedy, 'close') as Promise<[number]>
  for (let id = 0; id < 501; id++)
    greedy.send(JSON.stringify({ id, method: 'subscription', params: { path: 'app.watch' } }))
  expect((await closed)[0]).toBe(4429)
})

it('bears a thousand sockets: as many as it takes are open, the others refused, and later ones are taken again', async () => {
  const session = await server.signIn()
  for (let count = 0; count < 64; count++) await enter(session)
  for (let batch = 0; batch < 20; batch++) {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(open()).catch(() => 0)))
    expect(outcomes).not.toContain('open')
  }
  expect((await server.get('/')).status).toBe(200)
  for (const it of sockets) it.terminate()
  await expect.poll(async () => outcome(open())).toBe('open')
})

it('ends a revoked session at once, with its sockets', async () => {
  const [first, second] = [await server.signIn('first'), await server.signIn('second')]
  const [mine, other] = [await enter(first), await enter(second)]
  const closed = once(other, 'close')
  const caller = server.app.served
  const { value } = await (caller?.sessions(new AbortController().signal).next() ??
    Promise.reject(new Error('not served')))
  expect((value ?? []).find(it => it.browser === 'second')).toMatchObject({ id: second.id, connections: 1 })
  caller?.revoke(second.id)
  await closed
  expect(await signIn(open(), second)).toBe(signedOut)
  await enter(first)
  expect(mine.readyState).toBe(mine.OPEN)
})

it('ends the sockets of a session that makes room for another', async () => {
  const oldest = await server.signIn()
  const socket = await enter(oldest)
  const closed = once(socket, 'close')
  for (let count = 0; count < 49; count++) await enter(await server.signIn()) // all fifty are open
  expect(socket.readyState).toBe(socket.OPEN)
  await server.signIn()
  await closed
  expect(await signIn(open(), oldest)).toBe(signedOut)
})
