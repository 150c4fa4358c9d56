/** Something else listens where PM2's daemon should. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { follow, request } from '../../../src/main/processes/sockets'

let folder: string
let server: Server
const uncaught: unknown[] = []
const note = (error: unknown): void => {
  uncaught.push(error)
}
beforeEach(async () => {
  uncaught.length = 0
  folder = await mkdtemp(join(tmpdir(), 'sockets-'))
  process.on('uncaughtException', note)
})
afterEach(async () => {
  server.close()
  process.off('uncaughtException', note)
  await rm(folder, { recursive: true })
})

/** One message in PM2's framing. */
const message = (...parts: readonly string[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x10 | parts.length]),
    ...parts.flatMap(it => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(Buffer.byteLength(it))
      return [length, Buffer.from(it)]
    }),
  ])

/** JSON that is none. */
const torn = 'j:{"torn'
const garbage = message('s:process:event', torn)

async function listen(talk: (socket: Socket) => void): Promise<string> {
  const path = join(folder, 'rpc.sock')
  server = createServer(talk).listen(path)
  await once(server, 'listening')
  return path
}

it('an answer that cannot be read is a Problem', async () => {
  const path = await listen(socket => {
    socket.on('error', () => undefined).once('data', () => socket.write(garbage))
  })
  await expect(request(path, 'getMonitorData', {}, 5000)).rejects.toMatchObject({
    problem: { code: 'pm2-not-reachable', cause: 'Its answer can’t be read.' },
  })
  expect(uncaught).toEqual([])
})

it('a bus that cannot be read is lost, and followed again', async () => {
  const connections: Socket[] = []
  const path = await listen(socket => {
    connections.push(socket.on('error', () => undefined))
    socket.write(garbage)
  })
  const told: string[] = []
  let again: () => void = () => undefined
  const twice = new Promise<void>(resolve => {
    again = resolve
  })
  const end = follow(path, 'process:event', it => {
    if (told.push(it.type) === 4) again()
  })
  await twice
  end()
  expect(told).toEqual(['connected', 'lost', 'connected', 'lost'])
  for (const it of connections) it.destroy()
  expect(uncaught).toEqual([])
})

it('only messages of the topic are parsed', async () => {
  const path = await listen(socket => {
    socket.on('error', () => undefined)
    socket.write(message('s:log:out', torn))
    socket.write(message('s:process:event', 'j:{"event":"exit"}'))
  })
  const told: unknown[] = []
  await new Promise<void>(resolve => {
    const end = follow(path, 'process:event', it => {
      if (told.push(it) < 2) return
      end()
      resolve()
    })
  })
  expect(told).toEqual([{ type: 'connected' }, { type: 'message', data: { event: 'exit' } }])
})
