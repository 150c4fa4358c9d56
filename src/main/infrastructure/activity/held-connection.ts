/** A connection that is kept from one look to the next, and closed when nobody has looked for a while. */
import type { Client } from 'pg'
import { connect, type Login, type OpenConnection, type Timeouts } from '../connection'

/** Milliseconds. Longer than the pause between two looks while someone is watching. */
const idleTimeout = 20_000

interface HeldServices {
  login(): Promise<Login>
  /** Prepares a new connection. */
  begin?(client: Client): Promise<unknown>
  readonly timeouts: Timeouts
  /** Aborted when it must not be held any longer. */
  readonly signal: AbortSignal
}

/** Work must not overlap. */
export class HeldConnection {
  readonly #services: HeldServices
  #open: { readonly to: string; readonly connection: OpenConnection } | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(services: HeldServices) {
    this.#services = services
    services.signal.addEventListener('abort', () => void this.close(), { once: true })
  }

  /** @throws what `connect` and the work throw; the connection is closed then */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    clearTimeout(this.#idle)
    try {
      return await work(await this.#client())
    } catch (error) {
      await this.close()
      throw error
    } finally {
      this.#idle = setTimeout(() => void this.close(), idleTimeout).unref()
      if (this.#services.signal.aborted) await this.close()
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const open = this.#open
    this.#open = undefined
    await open?.connection.close()
  }

  async #client(): Promise<Client> {
    const login = await this.#services.login()
    const to = JSON.stringify([login.port, login.sockets, login.password])
    if (this.#open?.to === to) return this.#open.connection.client
    await this.close()
    const connection = await connect(login, this.#services.timeouts)
    const { client } = connection
    this.#open = { to, connection }
    client.once('end', () => {
      if (this.#open?.connection === connection) void this.close() // the server closed it
    })
    await this.#services.begin?.(client)
    return client
  }
}
