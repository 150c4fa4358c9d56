/**
 * Decides which requests can come from our own pages. Other sites' pages can send requests here too, directly or by
 * pointing their own name at 127.0.0.1 (DNS rebinding). So the Host must be an address that we serve, and a socket's
 * Origin must match that Host.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface GateOptions {
  readonly scheme: 'http' | 'https'
  /** Names and addresses besides loopback by which browsers reach us: those in the certificate. */
  readonly names: readonly string[]
}

/**
 * A tunnel may use any local port, so only the name is checked. `localhost` isn't allowed: browsers try ::1 first,
 * where another user could listen and share the origin, and with it the page's stored session.
 */
const loopbackAddresses = ['127.0.0.1', '[::1]']
const written = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/i

export class Gate {
  readonly #options: GateOptions

  constructor(options: GateOptions) {
    this.#options = options
  }

  /** @returns host and port as the browser wrote them; undefined if they are not ours */
  host({ host }: IncomingHttpHeaders): string | undefined {
    const [, name = ''] = written.exec(host ?? '') ?? []
    return [...loopbackAddresses, ...this.#options.names].includes(name.toLowerCase()) ? host : undefined
  }

  /**
   * The address to redirect `localhost` to; browsers keep the fragment with a link's token. @returns undefined for any
   * other name
   */
  byAddress({ host }: IncomingHttpHeaders): string | undefined {
    const [, name = '', port = ''] = written.exec(host ?? '') ?? []
    return name.toLowerCase() === 'localhost' ? `${this.#options.scheme}://127.0.0.1${port}/` : undefined
  }

  /** Whether a WebSocket request comes from one of our pages. */
  sameOrigin(headers: IncomingHttpHeaders): boolean {
    const host = this.host(headers)
    return host !== undefined && headers.origin === `${this.#options.scheme}://${host}`
  }
}
