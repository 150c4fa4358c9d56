import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { tryLogins } from '../../../src/main/infrastructure/harden/trials'

/** PostgreSQL's ErrorResponse. */
function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

it('a login for which there is no connection left at the moment is tried again', async () => {
  const answers = [refusal('53300', 'sorry, too many clients already'), refusal('28P01', 'wrong password')]
  let clients = 0
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(answers[clients++] ?? ''))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await expect(
      tryLogins({
        admin: { port, user: 'instance_manager', password: 'x', database: 'postgres' },
        pooled: undefined,
        instances: [],
        signal: new AbortController().signal,
      }),
    ).rejects.toMatchObject({
      problem: { message: 'A login that must work fails: Instance Manager.', cause: 'wrong password' },
    })
    expect(clients).toBe(2)
  } finally {
    server.close()
  }
})
