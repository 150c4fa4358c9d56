/** The served pages: who has them open. */

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
