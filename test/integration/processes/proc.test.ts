import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { descendants, environmentOf, isAlive, parent, program, startTime, usageOf } from '../../../src/main/system/proc'
import { portFree, portHolders, portsHolders, type KnownSockets, waitingPorts } from '../../../src/main/system/sockets'
import { sure, until } from '../../support/pm2'
import { freePort } from '../../support/ports'
import { eventually } from '../../support/eventually'

async function listen(host: string): Promise<number> {
  const server = createServer().listen({ port: 0, host, ipv6Only: host.includes(':') })
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function child(code: string, env: Record<string, string> = {}) {
  const started = spawn(process.execPath, ['-e', code], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    started.kill('SIGKILL')
  })
  return { pid: sure(started.pid), started, line: once(started.stdout, 'data').then(it => String(it[0]).trim()) }
}

for (const host of ['127.0.0.1', '0.0.0.0', '::1', '::']) {
  test(`who listens on ${host} is found, and the port is not free`, async () => {
    const port = await listen(host)
    expect(await portHolders(port)).toEqual([{ pid: process.pid, program: 'node' }])
    expect(await portFree(port)).toBe(false)
  })
}

test('a port of nobody has no holder and is free, before and after it was asked for', async () => {
  const port = await freePort()
  expect(await portHolders(port)).toEqual([])
  expect(await portFree(port)).toBe(true)
  expect(await portFree(port)).toBe(true)
})

test("a client's connection from a port does not count as holding it", async () => {
  const port = await listen('127.0.0.1')
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  onTestFinished(() => {
    socket.destroy()
  })
  expect(await portHolders(sure(socket.localPort))).toEqual([])
})

test.each(['127.0.0.1', '::1'])('a server on %s that is stuck keeps its clients waiting', async host => {
  const idle = await listen(host)
  const { started, line } = child(
    `require("net").createServer().listen(0, "${host}", function () { console.log(this.address().port) })`,
  )
  const port = Number(await line)
  started.kill('SIGSTOP')
  for (const it of [idle, port]) {
    const socket = connect(it, host)
    await once(socket, 'connect')
    onTestFinished(() => {
      socket.destroy()
    })
  }
  await eventually(() => expect([port, idle].map(it => waitingPorts().has(it))).toEqual([true, false]))
})

test('another process is named by its program only, never by its arguments', async () => {
  const server =
    'require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })'
  const { pid, line } = child(`process.title = "node secret-4711"; ${server}`)
  expect(await portHolders(Number(await line))).toEqual([{ pid, program: 'node' }])
  expect(await program(pid)).toBe('node')
})

test('of many ports at once: who is asked first, everyone else if that does not tell all, and nobody for a free one', async () => {
  const own = [await listen('127.0.0.1'), await listen('::1')]
  const server = 'require("net").createServer().listen(0, function () { console.log(this.address().port) })'
  const { pid, line } = child(server)
  const theirs = Number(await line)
  const us = { pid: process.pid, program: 'node' }
  const asked = [...own, theirs, await freePort()]
  const all = new Map([...own.map(it => [it, [us]] as const), [theirs, [{ pid, program: 'node' }]]])
  for (const likely of [[], [process.pid], [pid, process.pid]]) {
    // a process that is just being forked has its parent's sockets for a moment
    await eventually(async () => expect(await portsHolders(asked, likely)).toEqual(all))
  }
  expect(await portsHolders([], [process.pid])).toEqual(new Map())
})

test('what is known of sockets is believed only while it is true', async () => {
  const own = await listen('127.0.0.1')
  const known: KnownSockets = new Map()
  const ours = new Map([[own, [{ pid: process.pid, program: 'node' }]]])
  expect(await portsHolders([own], [], known)).toEqual(ours)
  const [[file, found] = ['', { pid: 0, inode: '' }]] = known
  expect(found.pid).toBe(process.pid)
  expect(await portsHolders([own], [], known)).toEqual(ours)
  expect([...known]).toEqual([[file, found]])
  const { pid } = child('setInterval(() => {}, 1000)')
  known.clear()
  known.set(`/proc/${pid}/fd/0`, { pid, inode: found.inode }) // what the child had and closed since
  expect(await portsHolders([own], [], known)).toEqual(ours)
  expect([...known]).toEqual([[file, found]])
})

test('family, life, start and environment of processes', async () => {
  const { pid, line, started } = child(
    `
    const it = require("child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"])
    process.on("SIGTERM", () => it.kill("SIGKILL") && process.exit())
    console.log(it.pid)
  `,
    { COLOUR: 'dark=blue' },
  )
  const grandchild = Number(await line)
  expect(await descendants(pid)).toEqual([grandchild])
  expect(await descendants(process.pid)).toEqual(expect.arrayContaining([pid, grandchild]))
  expect(await parent(grandchild)).toBe(pid)
  expect((await environmentOf(pid)).get('COLOUR')).toBe('dark=blue')
  const began = await startTime(pid)
  expect(began).toBeGreaterThanOrEqual(sure(await startTime(process.pid)))
  expect(await isAlive(pid)).toBe(true)
  const exit = once(started, 'exit')
  started.kill('SIGTERM')
  await exit
  expect(await isAlive(pid)).toBe(false)
  expect(await startTime(pid)).toBeUndefined()
  expect(await program(pid)).toBeUndefined()
  expect((await environmentOf(pid)).size).toBe(0)
})

test('a zombie is not alive', async () => {
  // a shell that became `sleep` never asks for its ended child
  const started = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  })
  onTestFinished(() => {
    started.kill('SIGKILL')
  })
  const pid = Number(String((await once(sure(started.stdout ?? undefined), 'data'))[0]))
  await until(async () => (await program(sure(started.pid))) === 'sleep')
  expect(await isAlive(pid)).toBe(true)
  started.stdio[3]?.destroy()
  await until(async () => !(await isAlive(pid)))
  expect(await startTime(pid)).toBeGreaterThan(0)
})

test('CPU time and memory of a process; none of one that is not there', () => {
  const before = sure(usageOf(process.pid))
  for (const began = process.cpuUsage(); process.cpuUsage(began).user < 50_000;);
  const after = sure(usageOf(process.pid))
  expect(after.cpuTime).toBeGreaterThan(before.cpuTime)
  expect(after.memory / process.memoryUsage().rss).toBeCloseTo(1, 0)
  expect(usageOf(2 ** 22 + 1)).toBeUndefined() // beyond the largest pid
})
