/** Requests to an instance's own port: what is read, and why there is no answer. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { httpGet } from '../../../src/main/instances/http'

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
      expect(await httpGet(port, path, { signal, maxBytes: 99, within: 50 })).toBe('There was no answer within 0.05 s.')
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
