/**
 * PM2's two sockets, spoken directly: the `pm2` module takes four times as long to load, copies our whole
 * environment into every app that it starts, and waits for ever for a daemon that was killed.
 */
import type { Socket } from 'node:net'
import axon, { type AxonSocket } from 'pm2/modules/pm2-axon/index.js'
import rpc from 'pm2/modules/pm2-axon-rpc/index.js'
import { problem } from '../../shared/problem'

/** The daemon was not reached, or went away. `sent`: the request may have been carried out. */
export class DaemonLost extends Error {
  override readonly name = 'DaemonLost'
  constructor(readonly sent: boolean) {
    super('PM2\'s daemon is not running.')
  }
}

/** What comes is not believed to be PM2's: what cannot be read ends the connection, with an error, and not our process. */
function guarded<T extends AxonSocket>(socket: T): T {
  const reader = socket.onmessage.bind(socket)
  return Object.assign(socket, {
    onmessage(connection: Socket) {
      const read = reader(connection)
      return (message: Buffer): void => {
        try { read(message) } catch (error) { connection.destroy(new Error('What it sent cannot be read.', { cause: error })) }
      }
    },
  })
}

/**
 * One request on a connection of its own, so that the daemon's death is seen at once as a closed connection.
 * @param timeout milliseconds
 * @throws DaemonLost; Problem `pm2-not-answering`, `pm2-refused`, `pm2-not-reachable`
 */
export function request(path: string, method: string, argument: unknown, timeout: number): Promise<unknown> {
  const socket = guarded(axon.socket('req'))
  socket.set('retry timeout', 0) // do not connect again: the request would be lost silently
  let sent = false
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(problem({
      code: 'pm2-not-answering', message: 'PM2 does not answer.',
      cause: `Its daemon accepted "${method}" and gave no answer within ${Math.round(timeout / 1000)} s.`,
      hint: 'Wait a moment and try again. If it stays, end the daemon with "pm2 kill" and start the instances again.',
    })), timeout)
    socket.on('error', (error: Error) => reject(problem({
      code: 'pm2-not-reachable', message: 'PM2\'s daemon cannot be reached.', cause: error.message,
      hint: `Check who owns ${path}: the daemon may run as another user.`,
    }, error)))
    socket.on('close', () => reject(new DaemonLost(sent)))
    socket.once('connect', () => {
      sent = true
      new rpc.Client(socket).call(method, argument, (error, reply) => {
        if (!error) return resolve(reply)
        reject(problem({
          code: 'pm2-refused', message: `PM2 refused "${method}".`, cause: error.message, hint: 'Look at PM2\'s own log, pm2.log.',
        }))
      })
    })
    socket.connect(path)
  }).finally(() => {
    clearTimeout(timer)
    socket.close()
  })
}

/** What `follow` tells: the connection came or went, or a message of the topic. */
export type BusSignal = { readonly type: 'connected' | 'lost' } | { readonly type: 'message'; readonly data: unknown }

const reconnectEvery = 500 // ms

/** Follows one topic of PM2's bus for good; connects again whenever the daemon is back. @returns ends it */
export function follow(path: string, topic: string, tell: (signal: BusSignal) => void): () => void {
  let state: 'connected' | 'lost' | undefined
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const become = (next: 'connected' | 'lost'): void => {
    if (ended || state === next) return
    state = next
    tell({ type: next })
  }
  const connect = () => {
    const socket = guarded(axon.socket('sub'))
    socket.set('retry timeout', 0)
    socket.subscribe(topic)
    socket.on('error', () => { /* "close" follows */ })
    socket.on('connect', () => ended ? socket.close() : become('connected'))
    socket.on('message', (_topic: string, data: unknown) => { if (!ended) tell({ type: 'message', data }) })
    socket.on('close', () => {
      become('lost')
      if (!ended) timer = setTimeout(() => { current = connect() }, reconnectEvery)
    })
    socket.connect(path)
    return socket
  }
  let current = connect()
  return () => {
    ended = true
    clearTimeout(timer)
    current.close()
  }
}
