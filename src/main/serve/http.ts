/**
 * Serves the built renderer's files over HTTP, and nothing else. They contain no secrets, so anyone may load them;
 * their data comes over a WebSocket, for which a page must sign in.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { contentSecurityPolicy, type PageFile } from '../pages'
import type { Gate } from './gate'

export interface HttpOptions {
  /** The built renderer. */
  readonly files: ReadonlyMap<string, PageFile>
  readonly gate: Gate
  /** PEM, for https. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/**
 * Milliseconds that a connection may take for its TLS handshake, headers and request, or be idle; and the maximum size
 * of headers in bytes.
 */
const limits = {
  handshakeTimeout: 10_000,
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 16_384,
}
/** Requests on one connection: a page has a hundred files. */
const mostRequests = 200
const silence = 20_000

export function servePages(options: HttpOptions): Server {
  const answer = (request: IncomingMessage, response: ServerResponse): void => respond(options, request, response)
  const server = options.tls ? createSecureServer({ ...limits, ...options.tls }, answer) : createServer(limits, answer)
  server.timeout = silence // also ends clients that request a page and don't read it
  server.maxRequestsPerSocket = mostRequests
  return server
}

function respond({ files, gate, tls }: HttpOptions, request: IncomingMessage, response: ServerResponse): void {
  const host = gate.host(request.headers)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('content-security-policy', contentSecurityPolicy(host && `${tls ? 'wss' : 'ws'}://${host}`))
  response.setHeader('cache-control', 'no-cache')
  const address = host === undefined ? gate.byAddress(request.headers) : undefined
  if (address !== undefined) return void response.writeHead(307, { location: address }).end()
  if (host === undefined) return say(response, 421, 'Instance Manager isn’t served at this address.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'Only GET is allowed.')
  const [path = ''] = (request.url ?? '').split('?')
  const file = files.get(path === '/' ? 'index.html' : path.slice(1))
  if (!file) return say(response, 404, 'Not found.')
  if (isHashed(path)) response.setHeader('cache-control', 'public, max-age=31536000, immutable')
  response.setHeader('etag', file.etag)
  if (request.headers['if-none-match'] === file.etag) response.writeHead(304).end()
  else response.writeHead(200, { 'content-type': file.type, 'content-length': file.content.length }).end(file.content)
}

/** Such a file's name contains a hash of its content, so a browser needn't ask again. */
const isHashed = (path: string): boolean => path.startsWith('/assets/')

const say = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}
