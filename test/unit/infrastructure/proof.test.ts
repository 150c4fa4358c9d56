/**
 * Servers that do not prove themselves get neither a password nor a query. They run as our own user here: nothing but
 * the proof stops us.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server as TcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { withConnection, type Login } from '../../../src/main/infrastructure/connection'
import { listeningUsers } from '../../../src/main/system/sockets'
import { rogueModes, rogueServer, type RogueMode, type RogueWord } from '../../support/rogue-postgres'
import { freePort } from '../../support/ports'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const secret = 'a-password-of-ours'
const login = (port: number, more: Partial<Login> = {}): Login => ({
  port,
  user: 'instance_manager',
  password: secret,
  database: 'postgres',
  ...more,
})
const ask = (it: Login): Promise<unknown> =>
  withConnection(it, client => client.query(`ALTER ROLE x PASSWORD 'SCRAM-SHA-256$4096'`), {
    connect: 5000,
    query: 5000,
  })

/** @returns what it was sent so far */
async function rogue(port: number, mode: RogueMode): Promise<RogueWord[]> {
  const child = spawn('node', ['--input-type=module', '-', String(port), mode])
  ends.push(() => child.kill('SIGKILL'))
  child.stdin.end(rogueServer)
  const words: RogueWord[] = []
  await new Promise<void>(resolve => {
    createInterface(child.stdout).on('line', line => {
      words.push(JSON.parse(line) as RogueWord)
      resolve()
    })
  })
  return words
}

test.each(rogueModes)('%s: refused, and neither the password nor SQL is sent', async mode => {
  const port = await freePort()
  const words = await rogue(port, mode)
  await expect(ask(login(port))).rejects.toThrow(mode === 'scram' ? /signature does not match/ : /didn’t prove/)
  const messages = mode === 'scram' ? ['p', 'p'] : mode === 'scram with few iterations' ? ['p'] : []
  await expect
    .poll(() => words.map(it => it.type ?? it.what).filter(it => it !== 'X'))
    .toEqual(['listening', 'connection', 'startup', ...messages])
  expect(JSON.stringify(words)).not.toContain(secret)
})

test('an adopted server may have rules of trust, and gets no password all the same', async () => {
  const port = await freePort()
  const words = await rogue(port, 'clear text')
  await expect(ask(login(port, { adopted: true }))).rejects.toMatchObject({ problem: { code: 'server-unproven' } })
  expect(JSON.stringify(words)).not.toContain(secret)
  const trusting = await freePort()
  await rogue(trusting, 'ok')
  await expect(withConnection(login(trusting, { adopted: true }), () => Promise.resolve('in'))).resolves.toBe('in')
})

test('a folder of sockets that others may enter is not used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'im-sockets-'))
  ends.push(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o750)
  await expect(ask(login(5432, { sockets: folder }))).rejects.toMatchObject({ problem: { code: 'sockets-open' } })
})

test('whose sockets a connection reaches: the more exact address wins, and other loopback addresses do not count', async () => {
  const listen = (port: number, host: string, ipv6Only = false): Promise<TcpServer> =>
    new Promise((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen({ port, host, ipv6Only, exclusive: true }, () => resolve(server))
      ends.push(() => new Promise(ended => server.close(ended)))
    })
  const me = process.getuid?.()
  for (const host of ['127.0.0.1', '0.0.0.0', '::']) {
    const port = await freePort()
    await listen(port, host)
    expect(listeningUsers(port)).toEqual([me])
  }
  const elsewhere = await freePort()
  await listen(elsewhere, '127.0.0.2')
  expect(listeningUsers(elsewhere)).toEqual([])
})
