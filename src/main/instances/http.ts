/** Requests to an instance's own port. */
import { get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { loopback } from '../../shared/address'
import type { HealthCheck } from '../../shared/workspace'

export interface Answer {
  readonly status: number
  /** Its media type, e.g. `text/html`; empty if it names none. */
  readonly type: string
  /** As much of the body as requested. */
  readonly text: string
}

export interface Request {
  readonly signal: AbortSignal
  /** Milliseconds until all of it must have arrived. */
  readonly within?: number
  /** How many bytes of the body to read; none by default. */
  readonly maxBytes?: number
  readonly accept?: string
  /** An open connection to use. */
  readonly socket?: Socket
}

/**
 * Whether anything accepts connections on the port. Asked again and again while an application boots: looking up what
 * listens makes the kernel go through all connections (5 ms).
 */
export function acceptsConnections(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, loopback)
    const end = (accepts: boolean): void => {
      socket.destroy()
      resolve(accepts)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
    socket.setTimeout(1000, () => end(true)) // it listens, but its queue is full
  })
}

/**
 * Sends a GET, but not with `fetch`, which refuses some ports (e.g. 6000) and follows redirects. @returns the answer,
 * or why there was none
 */
export function httpGet(
  port: number,
  path: string,
  { signal, within = 5000, maxBytes = 0, accept = '*/*', socket }: Request,
): Promise<Answer | string> {
  return new Promise(resolve => {
    const limit = AbortSignal.timeout(within)
    const options = {
      host: loopback,
      port,
      path,
      ...(socket ? { createConnection: () => socket } : { agent: false }),
      headers: { accept },
      signal: AbortSignal.any([signal, limit]),
    }
    let begun = false
    get(options, response => {
      begun = true
      const { statusCode: status = 0, headers } = response
      const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
      const chunks: Buffer[] = []
      let left = maxBytes
      const finish = (): void => {
        response.destroy()
        resolve({ status, type, text: Buffer.concat(chunks).toString() })
      }
      if (maxBytes === 0) return finish()
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk.subarray(0, left))
        left -= chunk.length
        if (left <= 0) finish()
      })
      response.on('end', finish)
      response.on('error', error => resolve(why(error)))
    })
      .on('close', () => {
        if (!begun) resolve('The connection was closed.') // another protocol's answer yields no response
      })
      .on('error', error => resolve(why(error)))
    const why = (error: Error): string => (limit.aborted ? `No answer within ${within / 1000} s.` : `${error.message}.`)
  })
}

/**
 * Sends a GET as `httpGet` does, but looks only at the first line of the answer and costs a third of the time, which
 * counts where a hundred instances are asked all day. @returns the status, or why there was no answer
 */
export function httpStatus(
  port: number,
  path: string,
  { signal, within }: { readonly signal: AbortSignal; readonly within: number },
): Promise<number | string> {
  return new Promise(resolve => {
    if (signal.aborted) return resolve('It was stopped.')
    const socket = connect(port, loopback).setEncoding('latin1')
    const timer = setTimeout(() => end(`No answer within ${within / 1000} s.`), within)
    const stop = (): void => end('It was stopped.')
    const end = (result: number | string): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      socket.destroy()
      resolve(result)
    }
    signal.addEventListener('abort', stop)
    let text = ''
    socket
      .on('data', (chunk: string) => {
        text += chunk
        const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
        if (status !== undefined) end(Number(status))
        else if (text.length > 'HTTP/1.1 200'.length) end('It doesn’t speak HTTP.')
      })
      .on('error', error => end(`${error.message}.`))
      .on('close', () => end('The connection was closed.'))
      .write(`GET ${path} HTTP/1.1\r\nHost: ${loopback}:${port}\r\nAccept: */*\r\nConnection: close\r\n\r\n`)
  })
}

/** Why a healthy application wouldn't have answered so, in a sentence; undefined if it would. */
export function whyUnhealthy({ path, status: due }: HealthCheck, status: number): string | undefined {
  if (due === undefined ? status < 500 : status === due) return undefined
  return `GET ${path} returned HTTP status ${status}${due === undefined ? '' : `, not ${due}`}.`
}
