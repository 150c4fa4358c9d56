/** Requests to an instance's own port: what is read, and why there is no answer. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { httpGet, httpStatus } from '../../../src/main/instances/http'

let server: Server | undefined
afterEach(() => server?.close())

async function listening(it: Server): Promise<number> {
  server = it.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
const answering = (answer: RequestListener): Promise<number> => listening(createServer(answer))
const { signal } = new AbortController()

describe('httpGet', () => {
  it('reads as much of the body as is asked for, and none by default', async () => {
    const port = await answering((request, response) => {
      response.writeHead(203, { 'content-type': 'Text/HTML; charset=utf-8' })
      response.write('0123456789')
      if (request.url === '/whole') response.end() // otherwise there is no end
    })
    const head = { status: 203, type: 'text/html' }
    expect(await httpGet(port, '/', { signal })).toEqual({ ...head, text: '' })
    expect(await httpGet(port, '/', { signal, maxBytes: 4 })).toEqual({ ...head, text: '0123' })
    expect(await httpGet(port, '/whole', { signal, maxBytes: 40 })).toEqual({ ...head, text: '0123456789' })
  })

  it('follows no redirect', async () => {
    const port = await answering((_, response) => void response.writeHead(302, { location: '/' }).end())
    expect(await httpGet(port, '/', { signal })).toMatchObject({ status: 302, type: '' })
  })

  it('ends in time, before the head and in the middle of the body', async () => {
    const port = await answering((request, response) => {
      if (request.url === '/body') response.write('half')
    })
    for (const path of ['/', '/body'])
      expect(await httpGet(port, path, { signal, maxBytes: 99, within: 50 })).toBe('No answer within 0.05 s.')
  })

  it('says why there is no answer', async () => {
    const other = await listening(createTcpServer(socket => socket.end('SSH-2.0\r\n')))
    expect(await httpGet(other, '/', { signal })).toMatch(/^Parse Error/)
    server?.close()
    expect(await httpGet(other, '/', { signal })).toMatch(/^connect ECONNREFUSED/)
    const port = await answering(({ socket }, response) => {
      response.writeHead(200, { 'content-length': 9 }).write('half', () => socket.destroy())
    })
    expect(await httpGet(port, '/', { signal, maxBytes: 99 })).toMatch(/^(?:aborted|socket hang up)\.$/)
    const closing = await answering((_, response) => {
      response.shouldKeepAlive = false
      response.removeHeader('transfer-encoding')
      response.useChunkedEncodingByDefault = false
      response.end('until the end')
    })
    expect(await httpGet(closing, '/', { signal, maxBytes: 99 })).toMatchObject({ text: 'until the end' })
  })
})

describe('httpStatus', () => {
  const ask = (port: number, path = '/') => httpStatus(port, path, { signal, within: 10_000 })

  it('is the status, even if the rest never comes', async () => {
    const port = await answering((request, response) => {
      response.writeHead(request.url === '/up?a=1' && request.headers.host === `127.0.0.1:${port}` ? 204 : 503)
      response.flushHeaders()
    })
    expect([await ask(port, '/up?a=1'), await ask(port)]).toEqual([204, 503])
  })

  it('or why there is none', async () => {
    const silent = await listening(createTcpServer(() => undefined))
    expect(await httpStatus(silent, '/', { signal, within: 500 })).toBe('No answer within 0.5 s.')
    expect(await httpStatus(silent, '/', { signal: AbortSignal.timeout(20), within: 500 })).toBe('It was stopped.')
    server?.close()
    expect(await ask(await listening(createTcpServer(it => void it.write('SSH-2.0-OpenSSH\r\n'))))).toBe(
      'It doesn’t speak HTTP.',
    )
    server?.close()
    const closing = await listening(createTcpServer(it => it.end()))
    expect(await ask(closing)).toBe('The connection was closed.')
    server?.close()
    expect(await ask(closing)).toMatch(/^connect ECONNREFUSED/)
  })
})
