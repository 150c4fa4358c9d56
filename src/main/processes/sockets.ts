/**
 * Talks to PM2's two sockets directly. The `pm2` module would take four times as long to load, copy our whole
 * environment into every app that it starts, and wait forever for a killed daemon. PM2 is AGPL-3.0, so none of it is
 * loaded into our process: its messages are AMP, which the MIT packages `amp` and `amp-message` read and write.
 */
import { connect, type Socket } from 'node:net'
import { decode, Stream as Parser } from 'amp'
import Message from 'amp-message'
import { z } from 'zod'
import { problem } from '../../shared/problem'

/** The daemon wasn't reached, or ended. `sent`: the request may have been carried out. */
export class DaemonLost extends Error {
  override readonly name = 'DaemonLost'
  constructor(readonly sent: boolean) {
    super('PM2’s daemon isn’t running.')
  }
}

/**
 * Calls back with the parts of each message. A message that can't be read ends the connection with an error: the other
 * end may not be PM2.
 * @param isWanted decides by a message's first part, still encoded, whether to parse the message; by default all are
 */
function readMessages(
  socket: Socket,
  onMessage: (parts: readonly unknown[]) => void,
  isWanted: (first: Buffer | undefined) => boolean = () => true,
): void {
  const parser = new Parser()
  parser.on('data', (message: Buffer) => {
    if (socket.destroyed) return
    try {
      if (isWanted(decode(message)[0])) onMessage(new Message(message).args)
    } catch (error) {
      socket.destroy(new Error('Its answer can’t be read.', { cause: error }))
    }
  })
  socket.pipe(parser)
}

/** Identifies our only request on a connection; the daemon returns it with the answer. */
const requestId = 'instance-manager:0'

/** The daemon's answer to a call: an error's text, or the method's result. */
const replySchema = z.union([z.object({ error: z.string() }), z.object({ args: z.array(z.unknown()) })])

/**
 * Sends one request on its own connection, so that the daemon's death is noticed at once as a closed connection.
 * @param timeout milliseconds
 * @throws DaemonLost; Problem `pm2-not-answering`, `pm2-refused`, `pm2-not-reachable`
 */
export function request(path: string, method: string, argument: unknown, timeout: number): Promise<unknown> {
  const socket = connect(path)
  let sent = false
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          problem({
            code: 'pm2-not-answering',
            message: 'PM2 isn’t answering.',
            cause: `Its daemon accepted “${method}”, but didn’t answer within ${Math.round(timeout / 1000)} s.`,
            hint: 'Wait a moment and try again. If it persists, end the daemon with “pm2 kill” and start the instances again.',
          }),
        ),
      timeout,
    )
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (gone.has(error.code ?? '')) return // "close" follows
      reject(
        problem(
          {
            code: 'pm2-not-reachable',
            message: 'PM2’s daemon can’t be reached.',
            cause: error.message,
            hint: `Check who owns ${path}: the daemon may run as another user.`,
          },
          error,
        ),
      )
    })
    socket.on('close', () => reject(new DaemonLost(sent)))
    socket.on('connect', () => {
      sent = true
      socket.write(new Message([{ type: 'call', method, args: [argument] }, requestId]).toBuffer())
    })
    readMessages(socket, parts => {
      if (parts.at(-1) !== requestId) return
      const reply = replySchema.parse(parts[0])
      if ('args' in reply) return resolve(reply.args[0])
      reject(
        problem({
          code: 'pm2-refused',
          message: `PM2 refused “${method}”.`,
          cause: reply.error,
          hint: 'See PM2’s own log, pm2.log.',
        }),
      )
    })
  }).finally(() => {
    clearTimeout(timer)
    socket.destroy()
  })
}

/** Nothing is listening, or the listener has ended: there is no daemon, as opposed to one that can't be reached. */
const gone: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'])

/** What `follow` reports: the connection was made or lost, or a message on the topic. */
export type BusSignal = { readonly type: 'connected' | 'lost' } | { readonly type: 'message'; readonly data: unknown }

const reconnectEvery = 500 // ms

/**
 * Follows a topic on PM2's bus, reconnecting whenever the daemon is back. PM2 sends every subscriber all topics,
 * including each line of every log; those aren't parsed.
 * @returns a function that ends it
 */
export function follow(path: string, topic: string, onSignal: (signal: BusSignal) => void): () => void {
  const name = `s:${topic}` // as AMP encodes text
  let state: 'connected' | 'lost' | undefined
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const become = (next: 'connected' | 'lost'): void => {
    if (ended || state === next) return
    state = next
    onSignal({ type: next })
  }
  const listen = (): Socket => {
    const socket = connect(path)
    socket.on('error', () => {
      /* "close" follows */
    })
    socket.on('connect', () => become('connected'))
    readMessages(
      socket,
      ([, data]) => onSignal({ type: 'message', data }),
      first => first?.toString() === name,
    )
    socket.on('close', () => {
      become('lost')
      if (!ended)
        timer = setTimeout(() => {
          current = listen()
        }, reconnectEvery)
    })
    return socket
  }
  let current = listen()
  return () => {
    ended = true
    clearTimeout(timer)
    current.destroy()
  }
}
