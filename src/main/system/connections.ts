/** Finds which process holds a connection from this machine to itself. */
import { readFile } from 'node:fs/promises'
import { socketsOf } from './sockets'

interface Connection {
  readonly inode: string
  /** The port at the other end. */
  readonly from: number
}

/** The connections that were made to a local port; those not accepted yet have inode 0. */
async function connectionsTo(port: number): Promise<Connection[]> {
  const local = port.toString(16).toUpperCase().padStart(4, '0')
  // address, address, state, queues, timer, retransmissions, user, timeout, inode
  const wanted = new RegExp(`^ *\\d+: [0-9A-F]+:${local} [0-9A-F]+:([0-9A-F]{4}) (?!0A)(?:\\S+ +){6}(\\d+)`, 'gm')
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(it => readFile(`/proc/net/${it}`, 'utf8').catch(() => '')), // a machine without IPv6
  )
  return tables
    .flatMap(it => [...it.matchAll(wanted)])
    .map(([, from, inode]) => ({ inode: inode ?? '0', from: Number.parseInt(from ?? '', 16) }))
}

/**
 * @param port where the connection goes @param from the port it comes from
 * @returns the first of these processes that has accepted it; undefined if none has
 */
export async function holderOf(port: number, from: number, pids: readonly number[]): Promise<number | undefined> {
  const found = (await connectionsTo(port)).find(it => it.from === from)
  return found && pids.find(pid => socketsOf(pid).some(({ inode }) => inode === found.inode))
}

/** How many connections to the port a process has open. */
export async function connectionsOf(port: number, pid: number): Promise<number> {
  const inodes = new Set((await connectionsTo(port)).map(it => it.inode))
  return socketsOf(pid).filter(({ inode }) => inodes.has(inode)).length
}
