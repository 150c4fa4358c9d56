/**
 * A connection of `pg` that reveals nothing to a server until it has proved itself: anyone may be listening on a port.
 * With SCRAM-SHA-256 (RFC 5802) the password is never sent, and the server proves that it has the password's secret.
 * `pg` alone would also send the password in clear text or as MD5 if asked, and accept a login without any proof.
 */
import { Connection } from 'pg'
import { problem, ProblemError } from '../../shared/problem'

/**
 * PostgreSQL's default. Our own passwords can't be guessed at any count (142 bits); people's can, and the lower the
 * count, the sooner.
 */
const minIterations = 4096

export class ProofConnection extends Connection {
  /** Whether the server has sent a signature. If it was wrong, `pg` fails the connection. */
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

  /** Called by `pg` to send a proof from which an attacker could guess the password. */
  override sendSCRAMClientFinalMessage(proof: string): void {
    if (this.#iterations < minIterations)
      return this.#refuse(`It asks for ${this.#iterations} iterations of SCRAM, fewer than ${minIterations}.`)
    super.sendSCRAMClientFinalMessage(proof)
  }

  #refuse(cause: string): void {
    this.emit('error', unproven(this.#port, cause))
  }
}

/** The program on the port can't be trusted. Only the names of a role and a database were sent to it. */
export const unproven = (port: number, cause: string): ProblemError =>
  problem({
    code: 'server-unproven',
    message: `The program on port ${port} didn’t prove that it knows Instance Manager’s password.`,
    cause,
    hint: 'It may be another server, or an attacker’s. Find out what is using the port, stop it, then start the infrastructure.',
    action: 'start-infrastructure',
  })

export const isUnproven = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.code === 'server-unproven'

// Parts of `pg` that its published types lack.
declare module 'pg' {
  interface ClientConfig {
    connection?: Connection
  }
  interface Connection {
    sendSCRAMClientFinalMessage(proof: string): void
  }
}
