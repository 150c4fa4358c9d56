/** The pages over HTTP: each request passes the gate, then files of the built renderer are all there is. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import sirv from 'sirv'
import { contentSecurityPolicy } from '../pages'
import type { Gate } from './gate'
import type { Sessions } from './sessions'

export interface HttpOptions {
  /** The folder of the built renderer. */
  readonly pages: string
  readonly gate: Gate
  readonly sessions: Sessions
  readonly cookie: string
  /** What one types for a command. */
  readonly command: string
  /** PEM, for https. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** Bounds for whoever connects and then does nothing, in milliseconds and connections. */
const limits = { headersTimeout: 10_000, requestTimeout: 20_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 }
const mostConnections = 256

export function servePages(options: HttpOptions): Server {
  const files = sirv(options.pages, { etag: true, dotfiles: false, onNoMatch: (_, response) => say(response, 404, 'There is no such page.') })
  const answer = (request: IncomingMessage, response: ServerResponse): void => respond(options, files, request, response)
  const server = options.tls ? createSecureServer({ ...limits, ...options.tls }, answer) : createServer(limits, answer)
  server.maxConnections = mostConnections
  return server
}

function respond({ gate, sessions, cookie, command, tls }: HttpOptions, files: ReturnType<typeof sirv>, request: IncomingMessage, response: ServerResponse): void {
  const host = gate.host(request.headers)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('content-security-policy', contentSecurityPolicy(host && `${tls ? 'wss' : 'ws'}://${host}`))
  response.setHeader('cache-control', 'no-cache')
  if (host === undefined) return say(response, 421, 'This is not an address of Instance Manager.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return say(response, 405, 'Only GET.')
  const token = new URLSearchParams(request.url?.split('?')[1]).get('token')
  if (token && request.method === 'GET') {
    const session = sessions.exchange(token, request.headers['user-agent'] ?? '')
    if (session === 'wait') return say(response, 429, 'Too many wrong links. Wait a minute, then ask for a new one.')
    if (session === 'unknown') return say(response, 401, `This link was used already, or it is too old. ${howToGetIn(command)}`)
    response.setHeader('set-cookie', `${cookie}=${session.secret}; HttpOnly; SameSite=Strict; Path=/${tls ? '; Secure' : ''}`)
    response.writeHead(303, { location: './', 'cache-control': 'no-store' }).end()
    return
  }
  if (!gate.session(request.headers)) return say(response, 401, `This browser has no session here. ${howToGetIn(command)}`)
  files(request, response)
}

const howToGetIn = (command: string): string => `On the machine, type <code>${command} serve --link</code> and open the link that it prints.`

/** @param text our own words only: it is not escaped */
function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page(text))
}

const page = (text: string): string => `<!doctype html>
<html lang="en">
<meta name="viewport" content="width=device-width">
<title>Instance Manager</title>
<style>
  :root { color-scheme: light dark; }
  body { max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif; }
  h1 { font-size: 1.25rem; }
  code { white-space: nowrap; }
</style>
<h1>Instance Manager</h1>
<p>${text}</p>
</html>
`
