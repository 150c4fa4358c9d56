/** Served pages: sessions, and how a page signs in. */

/** A browser that may use the served pages. Times are ISO 8601. */
export interface SessionView {
  /** Public: identifies the session but grants no access. */
  readonly id: string
  readonly since: string
  readonly lastSeen: string
  /** The browser's User-Agent header. */
  readonly browser: string
  /** Open connections. */
  readonly connections: number
}

export interface ServeStatus {
  readonly pid: number
  readonly address: string
  readonly port: number
  /** ISO 8601. */
  readonly since: string
  /** Folder of the open workspace. */
  readonly workspace?: string
  readonly sessions: number
}

/** As in a URL. */
export const hostOf = ({ address, port }: Pick<ServeStatus, 'address' | 'port'>): string =>
  `${address.includes(':') ? `[${address}]` : address}:${port}`

/*
 * Signing in: the first three messages of a page's WebSocket, each one line of JSON. After that, the socket is a line to the router.
 *
 *   server  Greeting
 *   page    Hello     a link's token, or a session's id with a proof that the page has its key
 *   server  Welcome   the new session with its key, or a proof that the server has it too
 *
 * A session's key is sent only once, when its link is used. From then on both sides only prove that they have it, so a process that takes over the port of a stopped server can neither collect keys nor impersonate that server.
 */

export interface Greeting {
  readonly nonce: string
  /** Whether `instance-manager` is installed; otherwise it runs in a clone. */
  readonly installed?: boolean
}
export type Hello =
  { readonly token: string } | { readonly session: string; readonly nonce: string; readonly proof: string }
export type Welcome = { readonly session: string; readonly key: string } | { readonly proof: string }

/** 32 bytes in hexadecimal: nonces, keys, and proofs (HMAC-SHA-256 with the session's key). */
export const secretPattern = /^[0-9a-f]{64}$/

/**
 * The text that a proof signs. It contains both nonces, so a proof is valid on one socket only, and the side, so a
 * proof can't be reflected.
 */
export const proofText = (side: 'page' | 'server', serverNonce: string, pageNonce: string): string =>
  `${side} ${serverNonce} ${pageNonce}`

/** WebSocket close codes that tell the page why the server closed its socket. */
export const closeCodes = { signedOut: 4401, silent: 4408, tooManyCalls: 4429 } as const

/** A link's fragment, which browsers never send to a server. */
export const linkFragment = (token: string): string => `#token=${token}`
