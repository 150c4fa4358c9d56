/**
 * Which requests may come from the operator's own browser. A page of another site can send requests here too, directly
 * or by pointing a name of its own at 127.0.0.1: so the Host must be an address that we serve at, and the Origin of a
 * socket must be that Host.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface GateOptions {
  readonly scheme: 'http' | 'https'
  /** Names and addresses by which browsers reach us, besides loopback's own: those in the certificate. */
  readonly names: readonly string[]
}

/**
 * A tunnel may have any port on its near side, so only the name is checked. `localhost` isn't one: browsers try ::1
 * first, where another user could listen and would share the origin, and so the session that the page keeps for it.
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
   * Where a browser that came by `localhost` finds us; it keeps the fragment, with a link's token. @returns undefined
   * for any other name
   */
  byAddress({ host }: IncomingHttpHeaders): string | undefined {
    const [, name = '', port = ''] = written.exec(host ?? '') ?? []
    return name.toLowerCase() === 'localhost' ? `${this.#options.scheme}://127.0.0.1${port}/` : undefined
  }

  /** Whether a socket's request comes from our own page. */
  sameOrigin(headers: IncomingHttpHeaders): boolean {
    const host = this.host(headers)
    return host !== undefined && headers.origin === `${this.#options.scheme}://${host}`
  }
}
