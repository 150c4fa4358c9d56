/**
 * Connections to a port that PM2's daemon holds for its workers: it hands each to the next worker in turn, and would do
 * so between two applications that listen on the same port.
 */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { loopback } from '../../shared/address'
import { connectionsOf, holderOf } from '../system/connections'
import { descendants, parent } from '../system/proc'
import { waitFor } from '../system/wait'

// Milliseconds.
const acceptWithin = 1000
const connectWithin = 5000
/** How long open connections have to end: PM2's own limit in a graceful reload. A web socket doesn't end by itself. */
const drainWithin = 8000

/** A worker with its children, and the daemon's other processes. */
export interface Worker {
  readonly own: readonly number[]
  readonly others: readonly number[]
}

export async function workerOf(pid: number): Promise<Worker> {
  const daemon = await parent(pid)
  const own = [pid, ...(await descendants(pid))]
  const others = daemon === undefined ? [] : (await descendants(daemon)).filter(it => !own.includes(it))
  return { own, others }
}

export interface WorkerConnection {
  readonly socket: Socket
  /** `nobody`: no process of PM2's accepted it in time. */
  readonly by: 'worker' | 'other' | 'nobody'
}

/**
 * Opens a connection to a port and finds out whether this worker has accepted it. The caller destroys the socket.
 * @throws if there is no connection; the signal's reason
 */
export async function connectToWorker(
  port: number,
  { own, others }: Worker,
  signal?: AbortSignal,
): Promise<WorkerConnection> {
  const socket = connect(port, loopback)
  try {
    const limit = AbortSignal.timeout(connectWithin)
    await once(socket, 'connect', { signal: signal ? AbortSignal.any([signal, limit]) : limit })
    socket.on('error', () => undefined) // whoever uses it notices
    const holder = await waitFor(() => holderOf(port, socket.localPort ?? 0, [...own, ...others]), {
      every: 10,
      timeout: acceptWithin,
      signal,
    })
    return { socket, by: holder === undefined ? 'nobody' : own.includes(holder) ? 'worker' : 'other' }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/**
 * How many connections in a row must go to others. Users connect in between, so the worker would have got each with a
 * probability of one half.
 */
const row = 8

/** Whether the daemon now hands connections only to others. */
async function isOutOfTurn(port: number, worker: Worker): Promise<boolean> {
  for (let turn = 0; turn < row; turn++) {
    const { socket, by } = await connectToWorker(port, worker)
    socket.destroy()
    if (by !== 'other') return false
  }
  return true
}

/**
 * Takes a worker out of the rotation and waits until it has answered what it had accepted. It would exit as soon as it
 * has no connection, losing one that the daemon is just handing to it. So a connection is kept open until the caller
 * has ended the worker.
 * @param leave tells the worker to accept no more
 * @returns the open connection; undefined if the worker doesn't accept any
 */
export async function drain(port: number, pid: number, leave: () => Promise<unknown>): Promise<Socket | undefined> {
  const worker = await workerOf(pid)
  const kept = await waitFor(
    async () => {
      const { socket, by } = await connectToWorker(port, worker)
      if (by === 'worker') return socket
      socket.destroy()
      return undefined
    },
    { every: 20, timeout: drainWithin },
  ).catch(() => undefined)
  if (!kept) return undefined
  kept.write('GET / HTTP/1.1\r\n') // a request that is never complete: it isn't closed as idle
  await leave()
  await waitFor(async () => (await connectionsOf(port, pid)) <= 1 && (await isOutOfTurn(port, worker)), {
    every: 20,
    timeout: drainWithin,
  }).catch(() => undefined) // nobody listens any more
  return kept
}
