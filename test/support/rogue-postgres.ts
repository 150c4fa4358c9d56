/**
 * A rogue server on PostgreSQL's port that collects passwords and SQL. An ES module that uses only Node's built-in
 * modules.
 */

/** How it asks for the password; `ready`: it reports that it is ready for queries without any login. */
export const rogueModes = ['clear text', 'md5', 'ok', 'ready', 'scram', 'scram with few iterations'] as const
export type RogueMode = (typeof rogueModes)[number]

/** What it received, as JSON lines: `listening`, `connection`, then each message's type and text. */
export interface RogueWord {
  readonly what: 'listening' | 'connection' | 'startup' | 'message'
  readonly type?: string
  readonly text?: string
}

/** Arguments: port, mode. Prints one `RogueWord` per line. */
export const rogueServer = `
import { createServer } from 'node:net'
const [port, mode] = process.argv.slice(2)
const say = word => console.log(JSON.stringify(word))
const message = (type, ...parts) => {
  const body = Buffer.concat(parts.map(it => Buffer.isBuffer(it) ? it : Buffer.from(it)))
  const head = Buffer.alloc(5); head.write(type); head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const int = number => { const it = Buffer.alloc(4); it.writeInt32BE(number); return it }
const auth = (code, ...rest) => message('R', int(code), ...rest)
const ready = message('Z', 'I')
const first = {
  'clear text': auth(3), md5: auth(5, 'salt'), ok: Buffer.concat([auth(0), ready]), ready,
  scram: auth(10, 'SCRAM-SHA-256\\0\\0'), 'scram with few iterations': auth(10, 'SCRAM-SHA-256\\0\\0'),
}[mode]
createServer(socket => {
  say({ what: 'connection' })
  socket.on('error', () => undefined)
  let buffer = Buffer.alloc(0), started = false, sasl = 0
  socket.on('data', chunk => {
    buffer = Buffer.concat([buffer, chunk])
    for (;;) {
      const at = started ? 1 : 0
      if (buffer.length < at + 4) return
      const length = at + buffer.readInt32BE(at)
      if (buffer.length < length) return
      const whole = buffer.subarray(0, length)
      buffer = buffer.subarray(length)
      if (!started) {
        if (whole.readInt32BE(4) === 80877103) { socket.write('N'); continue } // it asks for TLS
        started = true
        say({ what: 'startup', text: whole.subarray(8).toString().replaceAll('\\0', ' ') })
        socket.write(first)
        continue
      }
      const [type, text] = [whole.toString('latin1', 0, 1), whole.subarray(5).toString().replaceAll('\\0', ' ')]
      say({ what: 'message', type, text })
      if (type !== 'p') continue
      if (!mode.startsWith('scram')) socket.write(Buffer.concat([auth(0), ready]))
      else if (sasl++ === 0) {
        const nonce = /r=([^,]+)/.exec(text)[1]
        socket.write(auth(11, 'r=' + nonce + 'more,s=' + Buffer.alloc(16).toString('base64') + ',i=' + (mode === 'scram' ? 4096 : 1)))
      } else socket.write(Buffer.concat([auth(12, 'v=' + Buffer.alloc(32).toString('base64')), auth(0), ready]))
    }
  })
}).listen(Number(port), '127.0.0.1', () => say({ what: 'listening' }))
`
