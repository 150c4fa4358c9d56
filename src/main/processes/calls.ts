/** Calls to a daemon. */
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { SerialQueue } from '../system/serial-queue'
import type { Daemon } from './daemon'
import { DaemonLost, request } from './sockets'

const listTimeout = 5000 // ms; it usually takes 20 for 100 processes
const actTimeout = 60_000 // ms; one of the operator's own apps may have a long kill_timeout

const versionSchema = z.string()

export class DaemonCalls {
  readonly #rpc: string
  readonly #daemon: Pick<Daemon, 'ensure'> | undefined
  readonly #asking = new SerialQueue()
  #nextAnswer: Promise<unknown> | undefined

  /** @param rpc its socket @param daemon what starts it again when it has died; absent: nothing can */
  constructor(rpc: string, daemon?: Pick<Daemon, 'ensure'>) {
    this.#rpc = rpc
    this.#daemon = daemon
  }

  /** PM2's whole list. @param revive start the daemon if it isn't running @throws DaemonLost */
  async list(revive = true): Promise<unknown> {
    try {
      return await this.#askTogether()
    } catch (error) {
      if (!(error instanceof DaemonLost) || !revive || !this.#daemon) throw error
    }
    await this.#daemon.ensure()
    return this.#askTogether()
  }

  /**
   * One request at a time; callers that arrive meanwhile share the next one. PM2 measures each process through a
   * descriptor of its /proc/PID/stat, and if two concurrent requests find a new process, it opens two and never closes
   * the first.
   */
  #askTogether(): Promise<unknown> {
    if (this.#nextAnswer) return this.#nextAnswer
    this.#nextAnswer = this.#asking.run(() => {
      this.#nextAnswer = undefined
      return request(this.#rpc, 'getMonitorData', {}, listTimeout)
    })
    return this.#nextAnswer
  }

  /** PM2's version. @throws DaemonLost */
  async version(): Promise<string> {
    return versionSchema.parse(await request(this.#rpc, 'getVersion', {}, listTimeout))
  }

  /** @throws Problem `pm2-died` if the daemon ends before it answers */
  async act(method: string, argument: unknown): Promise<unknown> {
    try {
      return await request(this.#rpc, method, argument, actTimeout)
    } catch (error) {
      if (!(error instanceof DaemonLost)) throw error
      if (error.sent || !this.#daemon) {
        throw problem(
          {
            code: 'pm2-died',
            message: `PM2’s daemon ended during “${method}”.`,
            cause: 'It was killed or crashed.',
            hint: 'Try again: it will be started again.',
            action: 'retry',
          },
          error,
        )
      }
    }
    await this.#daemon.ensure()
    return request(this.#rpc, method, argument, actTimeout)
  }
}
