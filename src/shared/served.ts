/** The served pages: who has them open, and how a page signs in. */

/** A browser that may use the served pages. Times are ISO 8601. */
export interface SessionView {
  /** Public: it names the session, it does not open it. */
  readonly id: string
  readonly since: string
  readonly lastSeen: string
  /** What the browser says it is. */
  readonly browser: string
  /** Live connections it has now. */
  readonly connections: number
}

export interface ServeStatus {
  readonly pid: number
  readonly address: string
  readonly port: number
  /** ISO 8601. */
  readonly since: string
  /** The open workspace's folder. */
  readonly workspace?: string
  readonly sessions: number
}

/*
 * Signing in: the first three messages of a page's WebSocket, each one line of JSON. Only then is it a line to the
 * router.
 *
 *   server  Greeting
 *   page    Hello     a link's token, or a session's id with a proof that the page has its key
 *   server  Welcome   the new session with its key, or a proof that the server has it too
 *
 * A session's key crosses the line once, when its link is used. From then on both sides only prove that they have it,
 * so whoever
 * takes the port of a server that has ended can neither collect keys nor pass for that server.
 */

export interface Greeting {
  readonly nonce: string
}
export type Hello =
  { readonly token: string } | { readonly session: string; readonly nonce: string; readonly proof: string }
export type Welcome = { readonly session: string; readonly key: string } | { readonly proof: string }

/** 32 bytes as hexadecimal digits: nonces, keys, and proofs (HMAC-SHA-256 under the session's key). */
export const secretPattern = /^[0-9a-f]{64}$/

/**
 * The text that a proof signs. Both nonces are in it, so a proof is good for one socket; the side, so it cannot be sent
 * back.
 */
export const proofText = (side: 'page' | 'server', serverNonce: string, pageNonce: string): string =>
  `${side} ${serverNonce} ${pageNonce}`

/** Why the server closes a socket: WebSocket close codes, which browsers pass to the page. */
export const closeCodes = { signedOut: 4401, silent: 4408, tooManyCalls: 4429 } as const

/** A link's fragment, which browsers send to no server. */
export const linkFragment = (token: string): string => `#token=${token}`
