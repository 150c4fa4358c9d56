/** The served pages as someone sees them who should not: other sites in the operator's browser, other users of the machine, the network. */
import { once } from 'node:events'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { outcome, raw, startServer, type TestServer } from './server'

let server: TestServer
const sockets: WebSocket[] = []
beforeEach(async () => { server = await startServer() })
afterEach(async () => {
  for (const it of sockets.splice(0)) it.terminate()
  await server.remove()
})
const open = (...options: Parameters<TestServer['socket']>): WebSocket => {
  const socket = server.socket(...options)
  sockets.push(socket)
  return socket
}

it('listens on loopback only', () => {
  expect(server.address).toBe('127.0.0.1')
})

it('shows a browser with a session the pages, and one without how to get one', async () => {
  const cookie = await server.signIn()
  const page = await server.get('/', { cookie })
  expect(page.status).toBe(200)
  expect(page.body).toContain('the page')
  expect(page.headers['content-security-policy']).toContain("script-src 'self';")
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  expect(page.headers['x-content-type-options']).toBe('nosniff')
  for (const path of ['/', '/index.html', '/assets/app.js', '/?token=', '/api']) {
    const refused = await server.get(path)
    expect(refused.status).toBe(401)
    expect(refused.body).not.toContain('the page')
    expect(refused.body).toContain('serve --link')
  }
})

it('gives the session in a cookie that no script and no other site gets', async () => {
  const { status, headers } = await server.get(`/${new URL(server.link()).search}`)
  expect(status).toBe(303)
  expect(headers.location).toBe('./')
  expect(headers['set-cookie']?.[0]).toMatch(/^[\w-]+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
})

it('takes a link once, and no wrong one; after ten wrong ones none for a while, while sessions go on', async () => {
  const cookie = await server.signIn()
  const link = `/${new URL(server.link()).search}`
  expect((await server.get(link)).status).toBe(303)
  expect((await server.get(link)).status).toBe(401)
  for (let count = 0; count < 9; count++) expect((await server.get(`/?token=guess${count}`)).status).toBe(401)
  expect((await server.get(`/${new URL(server.link()).search}`)).status).toBe(429)
  expect((await server.get('/', { cookie })).status).toBe(200)
})

it('refuses cookies that are old, guessed or of another shape', async () => {
  const [name = ''] = (await server.signIn()).split('=')
  for (const cookie of [`${name}=`, `${name}=${'A'.repeat(43)}`, `other=1; ${name}=__proto__`, name, `${name}=${'A'.repeat(8000)}`]) {
    expect((await server.get('/', { cookie })).status).toBe(401)
    expect(await outcome(open({ cookie }))).toBe(401)
  }
})

it('answers no name but its own, so that no site can rebind its name to us', async () => {
  const cookie = await server.signIn()
  for (const host of ['evil.example', `evil.example:${server.port}`, `127.0.0.1.evil.example:${server.port}`, 'localhost@evil.example', '127.0.0.1:80:80', '[::1']) {
    expect((await server.get('/', { cookie, host })).status).toBe(421)
    expect(await outcome(open({ cookie, host, origin: `http://${host}` }))).toBe(403)
  }
  // The near side of a tunnel may have any port.
  for (const host of ['localhost:8080', '127.0.0.1:9', '[::1]:7600', 'LOCALHOST']) expect((await server.get('/', { cookie, host })).status).toBe(200)
})

it('opens sockets to its own page only, not to another site or port that the browser would send the cookie from', async () => {
  const cookie = await server.signIn()
  expect(await outcome(open({ cookie }))).toBe('open')
  expect(await outcome(open({ cookie, host: 'localhost:8080' }))).toBe('open')
  for (const origin of ['http://evil.example', 'http://localhost:9999', `https://127.0.0.1:${server.port}`, `http://127.0.0.1:${server.port}.evil.example`, 'null', '']) {
    expect(await outcome(open({ cookie, origin }))).toBe(403)
  }
  expect(await outcome(open({}))).toBe(401)
  expect(await outcome(open({ cookie, path: '/' }))).toBe(403)
  expect(await outcome(open({ cookie, path: '/api/../api2' }))).toBe(403)
})

it('serves no file outside its pages', async () => {
  const cookie = await server.signIn()
  for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt', '/assets/../../secret.txt', '//secret.txt', '/..\\secret.txt', '/%00', '/assets/%2e%2e%2f%2e%2e%2fsecret.txt', 'http://127.0.0.1/../secret.txt', '/%E0%A4%A']) {
    const answer = await raw(server.port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`)
    expect(answer).not.toContain('not for pages')
    expect(answer).toMatch(/^HTTP\/1.1 (400|404|200)/)
  }
  expect((await server.get('/', { cookie })).status).toBe(200)
})

it('changes nothing by requests of pages', async () => {
  const cookie = await server.signIn()
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await raw(server.port, `${method} / HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 405/)
  }
})

it('ends a socket that sends more than it may, and goes on', async () => {
  const cookie = await server.signIn()
  const socket = open({ cookie })
  await once(socket, 'open')
  const closed = once(socket, 'close')
  socket.send('x'.repeat(2_000_000))
  const [code] = await closed as [number]
  expect([1006, 1009]).toContain(code)
  const other = open({ cookie })
  await once(other, 'open')
  other.send('{"nonsense')
  other.send(Buffer.from([0xff, 0x00]))
  expect((await server.get('/', { cookie })).status).toBe(200)
})

it('bears a thousand sockets: as many as it takes are open, the others refused, and later ones are taken again', async () => {
  const cookie = await server.signIn()
  const outcomes: ('open' | number)[] = []
  for (let batch = 0; batch < 20; batch++) {
    outcomes.push(...await Promise.all(Array.from({ length: 50 }, () => outcome(open({ cookie })).catch(() => 0))))
  }
  expect(outcomes.filter(it => it === 'open')).toHaveLength(64)
  expect(outcomes.filter(it => it === 503).length).toBeGreaterThan(900)
  expect((await server.get('/', { cookie })).status).toBe(200)
  const ends = sockets.filter(it => it.readyState === it.OPEN).map(it => once(it, 'close'))
  for (const it of sockets) it.terminate()
  await Promise.all(ends)
  await expect.poll(async () => outcome(open({ cookie }))).toBe('open')
})

it('ends a revoked session at once: its sockets, its pages', async () => {
  const [first, second] = [await server.signIn('first'), await server.signIn('second')]
  const [mine, other] = [open({ cookie: first }), open({ cookie: second })]
  await Promise.all([once(mine, 'open'), once(other, 'open')])
  const closed = once(other, 'close')
  const caller = server.app.served
  const { value } = await (caller?.sessions(new AbortController().signal).next() ?? Promise.reject(new Error('not served')))
  const session = (value ?? []).find(it => it.browser === 'second')
  expect(session?.connections).toBe(1)
  caller?.revoke(session?.id ?? '')
  await closed
  expect((await server.get('/', { cookie: second })).status).toBe(401)
  expect(await outcome(open({ cookie: second }))).toBe(401)
  expect((await server.get('/', { cookie: first })).status).toBe(200)
  expect(mine.readyState).toBe(mine.OPEN)
})
