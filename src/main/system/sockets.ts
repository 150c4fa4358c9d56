/** What Linux knows about TCP ports: who listens on them, and who waits. The only place that reads /proc for this. */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { createServer } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { allPids, program, runsNow } from './proc'

/** `pid` and `program` are absent for another user's process, which only root can see. */
export interface ListeningProcess {
  readonly pid?: number
  readonly program?: string
}

/**
 * The processes listening on a TCP port, on any local address, IPv4 or IPv6; each only once. For a container's
 * published port that is the engine's forwarder (`rootlessport`, `conmon`, `docker-proxy`).
 * @param likely the process to check first: if it holds all of the port's sockets, the others needn't be examined
 * @returns empty if nothing is listening
 */
export const portHolders = async (port: number, likely?: number): Promise<readonly ListeningProcess[]> =>
  (await portsHolders([port], likely === undefined ? [] : [likely])).get(port) ?? []

/** Sockets by the entry of /proc/PID/fd where they were found. */
export type KnownSockets = Map<string, { readonly pid: number; readonly inode: string }>

/**
 * As `portHolders`, but of many ports at the cost of one.
 * @param likely the processes to check first: if they hold all the ports, the others needn't be examined
 * @param known kept by callers that ask often: a socket found before is confirmed by one read
 * @returns nothing for a port on which nothing is listening
 */
export async function portsHolders(
  ports: readonly number[],
  likely: readonly number[],
  known: KnownSockets = new Map(),
): Promise<ReadonlyMap<number, readonly ListeningProcess[]>> {
  const asked = new Set(ports)
  const sockets = [...listeners('tcp'), ...listeners('tcp6')].filter(it => asked.has(it.port))
  const holders = new Map(sockets.map(it => [it.inode, new Set<number>()]))
  const incomplete = (): boolean => [...holders.values()].some(it => it.size === 0)
  const look = async (pids: readonly number[]): Promise<void> => {
    for (const pid of pids) {
      for (const { file, inode } of socketsOf(pid)) {
        if (!holders.get(inode)?.add(pid)) continue
        known.set(file, { pid, inode })
      }
      await setImmediate() // hundreds of processes mustn't hold up everything else
    }
  }
  for (const [file, { pid, inode }] of known) {
    if (socketAt(file) === inode) holders.get(inode)?.add(pid)
    else known.delete(file)
  }
  if (incomplete()) await look(likely)
  if (incomplete()) await look(await allPids())
  const found = new Map<number, readonly ListeningProcess[]>()
  for (const port of new Set(sockets.map(it => it.port))) {
    // a process that is ending has no memory any more, and its sockets for a moment longer
    const held = sockets.filter(it => it.port === port).map(it => [...(holders.get(it.inode) ?? [])].filter(runsNow))
    const pids = [...new Set(held.flat())]
    const named: ListeningProcess[] = await Promise.all(pids.map(async pid => ({ pid, program: await program(pid) })))
    found.set(port, held.some(it => it.length === 0) ? [...named, {}] : named)
  }
  return found
}

/**
 * The ids of the users whose sockets a connection to 127.0.0.1 on this port reaches: those listening on that address,
 * or otherwise on all addresses. Synchronous, as `waitingPorts`, however many processes there are. Empty if nothing is
 * listening.
 */
export function listeningUsers(port: number): number[] {
  // While an IPv4 socket has the port, an IPv6 socket can't receive IPv4 connections.
  for (const { table, addresses } of addressesOfLoopback) {
    const sockets = listeners(table).filter(it => it.port === port)
    for (const address of addresses) {
      const found = sockets.filter(it => it.address === address)
      if (found.length > 0) return [...new Set(found.map(it => it.user))]
    }
  }
  return []
}

/**
 * The ports of servers that keep clients waiting: connections that they haven't accepted yet. Synchronous, as `usageOf`.
 * The kernel lists listening sockets first, and only those are read; but to find where they end it looks through its
 * table of connections (2 ms for one with 200,000 slots).
 */
export function waitingPorts(): ReadonlySet<number> {
  const all = ['tcp', 'tcp6'].flatMap(it => [...headOf(`/proc/net/${it}`).matchAll(listeningSocket)])
  return new Set(all.filter(it => Number.parseInt(it[2] ?? '', 16) > 0).map(it => Number.parseInt(it[1] ?? '', 16)))
}

/** Its port, and how many connections wait. */
const listeningSocket = /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ 0A [0-9A-F]{8}:([0-9A-F]{8})/gm
const otherSocket = /^ *\d+: \S+ \S+ (?!0A)[0-9A-F]{2} /m

/** A table of sockets, up to the first part with other than listening ones. */
function headOf(path: string): string {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    for (let text = ''; ;) {
      const bytes = readSync(file, tableBuffer)
      text += tableBuffer.toString('latin1', 0, bytes)
      if (bytes === 0 || otherSocket.test(text)) return text
    }
  } catch {
    return '' // a machine without IPv6
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const tableBuffer = Buffer.alloc(4096) // the kernel writes a page at a time

/** As the kernel formats and prefers them: 127.0.0.1 itself, then all addresses. */
const addressesOfLoopback = [
  { table: 'tcp', addresses: ['0100007F', '00000000'] },
  { table: 'tcp6', addresses: ['0000000000000000FFFF00000100007F', '0'.repeat(32)] },
] as const

/** Whether a server could now listen on this TCP port on all addresses. Binds it for a moment. */
export const portFree = async (port: number): Promise<boolean> =>
  (await canListen(port, { host: '0.0.0.0' })) && (await canListen(port, { host: '::', ipv6Only: true }))

function canListen(port: number, address: { host: string; ipv6Only?: boolean }): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EAFNOSUPPORT' || error.code === 'EADDRNOTAVAIL'),
    ) // a machine without IPv6
    server.listen({ port, ...address, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

const listening = '0A' // TCP_LISTEN in /proc/net/tcp

interface Listener {
  readonly address: string
  readonly port: number
  readonly user: number
  readonly inode: string
}

/** Every listening socket, read as `waitingPorts` does: a busy server has thousands of other ones. */
function listeners(table: 'tcp' | 'tcp6'): Listener[] {
  return headOf(`/proc/net/${table}`)
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const [, local, , state, , , , user, , inode] = line.trim().split(/\s+/)
      const [address, port] = local?.split(':') ?? []
      return state === listening && address && port && inode
        ? [{ address, port: Number.parseInt(port, 16), user: Number(user), inode }]
        : []
    })
}

/** A process's sockets. Synchronous like `usageOf`: an application has dozens of open files. */
export function socketsOf(pid: number): { readonly file: string; readonly inode: string }[] {
  const folder = `/proc/${pid}/fd`
  try {
    return readdirSync(folder).flatMap(it => {
      const file = `${folder}/${it}`
      const inode = socketAt(file)
      return inode === undefined ? [] : [{ file, inode }]
    })
  } catch {
    return []
  }
}

/** The inode of the socket behind an entry of /proc/PID/fd; undefined if it isn't a socket. */
function socketAt(file: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(file))?.[1]
  } catch {
    return undefined
  }
}
