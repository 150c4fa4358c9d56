/** Calls over a Unix socket, one JSON object per line: how QEMU and its agent in a guest are spoken to. */
import { once } from 'node:events'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { SerialQueue } from '../../src/main/system/serial-queue'

interface Answer {
  readonly return?: unknown
  readonly error?: { readonly desc: string }
}

export interface JsonLine {
  /** @param limit milliseconds @throws what the other side says, or that it says nothing */
  call(name: string, parameters?: object, limit?: number): Promise<unknown>
  close(): void
}

/** @param path of the socket, where somebody listens */
export async function openJsonLine(path: string): Promise<JsonLine> {
  const socket = createConnection(path)
  await once(socket, 'connect')
  const lines = createInterface(socket)
  lines.on('error', () => undefined) // the machine was switched off: calls see that the socket is closed
  const queue = new SerialQueue()
  return {
    call: (name, parameters = {}, limit = 60_000) =>
      queue.run(async () => {
        const answered = answer(limit)
        socket.write(`${JSON.stringify({ execute: name, arguments: parameters })}\n`)
        const { return: result, error } = await answered
        if (error) throw new Error(`${name}: ${error.desc}`)
        return result
      }),
    close: () => void socket.destroy(),
  }

  /** The next line that isn't a greeting or an event. */
  function answer(limit: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        lines.off('line', read)
        socket.off('close', closed)
        act()
      }
      const read = (line: string): void => {
        const found = JSON.parse(line) as Answer
        if ('return' in found || 'error' in found) settle(() => resolve(found))
      }
      const closed = (): void => settle(() => reject(new Error('The machine has been switched off.')))
      const timer = setTimeout(() => settle(() => reject(new Error('The machine doesn’t answer.'))), limit)
      lines.on('line', read)
      socket.on('close', closed)
    })
  }
}
