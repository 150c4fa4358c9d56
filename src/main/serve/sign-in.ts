/** Signs in a served page's socket: the server's side of the messages in shared/served.ts. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { WebSocket } from 'ws'
import { z } from 'zod'
import { closeCodes, proofText, secretPattern, type Greeting, type Hello, type Welcome } from '../../shared/served'
import type { Sessions } from './sessions'

/** Milliseconds to wait for the page's message, which needs no action by the operator. */
const patience = 5_000

const secret = z.string().regex(secretPattern)
const helloSchema = z.union([
  z.object({ token: z.string().max(100) }),
  z.object({ session: z.string().max(40), nonce: secret, proof: secret }),
]) satisfies z.ZodType<Hello>

/**
 * Greets a socket, and admits or closes it. Nothing it sends before it is admitted reaches other code.
 * @param browser its User-Agent
 * @param installed as in the greeting
 * @param admitted called at most once, with the session's id, before any further message is read
 */
export function signIn(
  socket: WebSocket,
  sessions: Sessions,
  { browser, installed }: { readonly browser: string; readonly installed: boolean },
  admitted: (session: string) => void,
): void {
  const nonce = randomBytes(32).toString('hex')
  const timer = setTimeout(() => socket.close(closeCodes.silent, 'No message received.'), patience)
  socket.once('close', () => clearTimeout(timer))
  socket.once('message', (data: Buffer) => {
    // ws gives a Buffer unless told otherwise
    clearTimeout(timer)
    const answer = answerTo(data, nonce, sessions, browser)
    if (!answer) return socket.close(closeCodes.signedOut, 'No session.')
    socket.send(JSON.stringify(answer.welcome))
    admitted(answer.session)
  })
  socket.send(JSON.stringify({ nonce, installed } satisfies Greeting))
}

function answerTo(
  data: Buffer,
  nonce: string,
  sessions: Sessions,
  browser: string,
): { readonly session: string; readonly welcome: Welcome } | undefined {
  const hello = parse(data)
  if (!hello) return undefined
  if ('token' in hello) {
    const opened = sessions.open(hello.token, browser)
    return opened && { session: opened.id, welcome: { session: opened.id, key: opened.key } }
  }
  const session = sessions.find(hello.session)
  if (!session || !same(hello.proof, proof(session.key, proofText('page', nonce, hello.nonce)))) return undefined
  return { session: session.id, welcome: { proof: proof(session.key, proofText('server', nonce, hello.nonce)) } }
}

function parse(data: Buffer): Hello | undefined {
  try {
    return helloSchema.safeParse(JSON.parse(data.toString())).data
  } catch {
    return undefined
  }
}

const proof = (key: string, text: string): string =>
  createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('hex')
const same = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'))
