/** Shared by all ways to serve: options, running servers, and the welcome text. */
import type { ServeStatus } from '../../../shared/served'
import { commandIn } from '../../host'
import { runningServers } from '../../serve/control'
import type { LocalConnection } from '../../transport/local-client'
import { guessAddress, tunnelCommand } from '../../system/reach'
import type { CommandSession } from '../session'

export interface ServeCommandOptions {
  readonly port?: number
  readonly address?: string
  readonly certificate?: string
  readonly key?: string
  readonly detach?: boolean
  readonly status?: boolean
  readonly stop?: boolean
  readonly link?: boolean
  readonly unit?: boolean
}

interface Welcome {
  /** For signing in; works once. */
  readonly link: string
  readonly port: number
  /** Other machines are served too. */
  readonly remote: boolean
  /** Without a terminal. */
  readonly detached: boolean
}

export function welcome({ root, out }: CommandSession, { link, port, remote, detached }: Welcome): string[] {
  const tunnel = remote
    ? []
    : ['', 'From your own computer, open a tunnel first:', `  ${tunnelCommand(port, guessAddress())}`]
  return [
    'Instance Manager is running. Open this link in a browser; it works once, within an hour:',
    `  ${out.paint('bold', link)}`,
    ...tunnel,
    '',
    `Another link: ${commandIn(root)} serve --link`,
    `Stop it: ${detached ? `${commandIn(root)} serve --stop` : 'Ctrl+C'}. Instances keep running.`,
  ]
}

export interface Running {
  readonly connection: LocalConnection
  readonly status: ServeStatus
}

/** @param port return only the server on this port */
export async function servers(session: CommandSession, port?: number): Promise<Running[]> {
  const connections = await runningServers(await session.data())
  const found = await Promise.all(
    connections.map(async connection => ({ connection, status: await connection.client.serve.status.query() })),
  )
  return found.filter(it => port === undefined || it.status.port === port)
}
