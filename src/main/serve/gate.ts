/**
 * Which requests may come from the operator's own browser. A page of another site can send requests here too, directly or by pointing a
 * name of its own at 127.0.0.1: so the Host must be an address that we serve at, and the Origin of a socket must be that Host.
 */
import type { IncomingHttpHeaders } from 'node:http'

export interface GateOptions {
  readonly scheme: 'http' | 'https'
  /** Names and addresses by which browsers reach us, besides loopback's own: those in the certificate. */
  readonly names: readonly string[]
}

/** A tunnel may have any port on its near side, so only the name is checked. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

export class Gate {
  constructor(private readonly options: GateOptions) {}

  /** @returns host and port as the browser wrote them; undefined if they are not ours */
  host({ host }: IncomingHttpHeaders): string | undefined {
    const [, name = ''] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? '') ?? []
    return [...loopbackNames, ...this.options.names].includes(name.toLowerCase()) ? host : undefined
  }

  /** Whether a socket's request comes from our own page. */
  sameOrigin(headers: IncomingHttpHeaders): boolean {
    const host = this.host(headers)
    return host !== undefined && headers.origin === `${this.options.scheme}://${host}`
  }
}
