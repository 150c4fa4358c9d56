/**
 * A connection of `pg` that gives nothing to a server which has not proved itself: whoever listens on a port may be
 * anyone. With SCRAM-SHA-256 (RFC 5802) the password is never sent, and the server shows that it holds the password's
 * secret. `pg` alone also answers a request for the password in clear text or as MD5, and takes "you are in" without
 * any proof.
 */
import { Connection } from 'pg'
import { problem, ProblemError } from '../../shared/problem'

/**
 * PostgreSQL's default. Our own passwords cannot be guessed at any count (142 bits); those that people chose can, the
 * sooner the lower it is.
 */
const leastIterations = 4096

export class ProofConnection extends Connection {
  /** Whether the server has sent a signature. If it was wrong, `pg` has failed the connection. */
  proven = false
  #iterations = 0
  readonly #port: number

  constructor(port: number) {
    super()
    this.#port = port
    this.on('authenticationSASLContinue', ({ data }: { data: string }) => {
      this.#iterations = Number(/(?:^|,)i=(\d+)/.exec(data)?.[1] ?? 0)
    })
    this.on('authenticationSASLFinal', () => {
      this.proven = true
    })
  }

  /** Called by `pg` to send the password in clear text or as MD5. */
  password(): void {
    this.#refuse('It asks for the password in clear text or as MD5.')
  }

  /** Called by `pg` to send what an attacker could guess the password from. */
  override sendSCRAMClientFinalMessage(proof: string): void {
    if (this.#iterations < leastIterations)
      return this.#refuse(`It asks for ${this.#iterations} iterations of SCRAM, fewer than ${leastIterations}.`)
    super.sendSCRAMClientFinalMessage(proof)
  }

  #refuse(cause: string): void {
    this.emit('error', unproven(this.#port, cause))
  }
}

/** What listens on the port cannot be trusted. Nothing was sent to it but a role's and a database's name. */
export const unproven = (port: number, cause: string): ProblemError =>
  problem({
    code: 'server-unproven',
    message: `The program on port ${port} didn’t prove that it knows Instance Manager’s password.`,
    cause,
    hint: 'It may be another server, or an attacker’s. Find out what has the port, stop it, then start the infrastructure.',
    action: 'start-infrastructure',
  })

export const isUnproven = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'server-unproven'

// What `pg` has beside its published types.
declare module 'pg' {
  interface ClientConfig {
    connection?: Connection
  }
  interface Connection {
    sendSCRAMClientFinalMessage(proof: string): void
  }
}
