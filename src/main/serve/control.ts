/** Servers' control sockets, on which commands ask for their status or a new link, or stop them. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connectLocally, type LocalConnection } from '../transport/local-client'

const folderIn = (data: string): string => join(data, 'serve')

/** The control socket of the server on a port. @param data the app's folder in the user's home */
export const controlSocket = (data: string, port: number): string => join(folderIn(data), `${port}.sock`)

/** Connects to each of this user's running servers. */
export async function runningServers(data: string): Promise<LocalConnection[]> {
  const names = await readdir(folderIn(data)).catch(() => [])
  const found = await Promise.all(
    names.filter(it => /^\d+\.sock$/.test(it)).map(it => connectLocally(join(folderIn(data), it))),
  )
  return found.filter(it => it !== undefined)
}
