/**
 * What Linux knows about processes and ports. The only place that reads /proc for this. A process that ends meanwhile
 * counts as absent.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'

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

/**
 * When a process started, in clock ticks since boot. Together with the pid it identifies a process. Undefined if there
 * is none.
 */
export const startTime = async (pid: number): Promise<number | undefined> => (await stat(pid))?.startTime

/** When a process started, in milliseconds since 1970, to the second. Undefined if there is none. */
export async function startedAt(pid: number): Promise<number | undefined> {
  const [found, system] = await Promise.all([startTime(pid), read('/proc/stat')])
  const boot = /^btime (\d+)$/m.exec(system ?? '')?.[1]
  if (found === undefined || boot === undefined) return undefined
  return Number(boot) * 1000 + Math.floor((found * tick) / 1000) * 1000
}

/** The path of its program. Undefined if there is no such process, or it is another user's. */
export const executable = (pid: number): Promise<string | undefined> =>
  readlink(`/proc/${pid}/exe`).catch(() => undefined)

/**
 * Whether the process is running. A zombie isn't, unless one of its threads is still ending: until then it keeps its
 * files and ports.
 */
export async function isAlive(pid: number): Promise<boolean> {
  const found = await stat(pid)
  return found !== undefined && (found.state !== 'Z' || found.threads > 1)
}

/** The process's parent; undefined if there is no such process. */
export const parent = async (pid: number): Promise<number | undefined> => (await stat(pid))?.parent

/** Its children, their children and so on; not the process itself. */
export async function descendants(pid: number): Promise<number[]> {
  const of = await childrenOfAll()
  const found: number[] = []
  for (let next = of.get(pid) ?? []; next.length > 0; next = next.flatMap(it => of.get(it) ?? [])) found.push(...next)
  return found
}

/**
 * Only the program's name (`node`, `rootlessport`): the arguments may contain secrets. Undefined if there is no such
 * process.
 */
export async function program(pid: number): Promise<string | undefined> {
  const path = await executable(pid)
  if (path) return basename(path.replace(/ \(deleted\)$/, ''))
  const name = await read(`/proc/${pid}/comm`) // for another user's process; may contain a title that the process set
  return name === undefined ? undefined : basename(name.trim().split(' ')[0] ?? '')
}

/**
 * The environment with which a process was started; empty if there is none or it is another user's. May contain
 * secrets.
 */
export async function environmentOf(pid: number): Promise<ReadonlyMap<string, string>> {
  const entries = ((await read(`/proc/${pid}/environ`)) ?? '').split('\0').filter(it => it.includes('='))
  return new Map(entries.map(it => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]))
}

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

/** Sends SIGKILL. Does nothing if the process is gone, or isn't ours to end. @param pid negative for a process group */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    /* already gone */
  }
}

/** The pids of all processes. */
export const allPids = async (): Promise<number[]> =>
  (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)

/**
 * CPU time so far in milliseconds, and resident memory in bytes. Undefined if there is no such process. Synchronous: a
 * read takes 10 µs, a promise ten times as long.
 */
export function usageOf(pid: number): { cpuTime: number; memory: number } | undefined {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/stat`, 'r')
    const text = statBuffer.toString('latin1', 0, readSync(file, statBuffer, 0, statBuffer.length, 0))
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { cpuTime: (Number(fields[11]) + Number(fields[12])) * tick, memory: Number(fields[21]) * pageSize() }
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Whether a process is running; a zombie has no memory any more. Synchronous, as `usageOf`. */
export const runsNow = (pid: number): boolean => (usageOf(pid)?.memory ?? 0) > 0

const statBuffer = Buffer.alloc(1024) // a third of it is used; `readFileSync` would allocate 64 KB, as the file has no size

const tick = 10 // ms: the unit of time in /proc

let knownPageSize: number | undefined

/**
 * Bytes: 4096 almost everywhere, more on some arm64 machines. From the auxiliary vector that the kernel gives every
 * program: pairs of a key and a value.
 */
function pageSize(): number {
  if (knownPageSize !== undefined) return knownPageSize
  const vector = readFileSync('/proc/self/auxv')
  const keys = Array.from({ length: vector.length / 16 }, (_, index) => index * 16)
  const found = keys.find(it => vector.readBigUInt64LE(it) === 6n) // AT_PAGESZ
  knownPageSize = found === undefined ? 4096 : Number(vector.readBigUInt64LE(found + 8))
  return knownPageSize
}

interface Stat {
  readonly state: string
  readonly parent: number
  readonly threads: number
  readonly startTime: number
}

async function stat(pid: number): Promise<Stat | undefined> {
  const text = await read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // the name before it may contain spaces and brackets
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    threads: Number(fields[17]),
    startTime: Number(fields[19]),
  }
}

async function childrenOfAll(): Promise<Map<number, number[]>> {
  const of = new Map<number, number[]>()
  await Promise.all(
    (await allPids()).map(async pid => {
      const above = await parent(pid)
      if (above !== undefined) of.set(above, [...(of.get(above) ?? []), pid])
    }),
  )
  return of
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
