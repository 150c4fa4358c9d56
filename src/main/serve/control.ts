/** Where a server's own socket lies, by which commands ask it for its state, a new link, or to end. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { connectLocally, type LocalConnection } from '../transport/local-client'

const folderIn = (data: string): string => join(data, 'serve')

/** The socket of the server at a port. @param data the user's own folder of the app */
export const controlSocket = (data: string, port: number): string => join(folderIn(data), `${port}.sock`)

/** A connection to each server of this user that runs. */
export async function runningServers(data: string): Promise<LocalConnection[]> {
  const names = await readdir(folderIn(data)).catch(() => [])
  const found = await Promise.all(
    names.filter(it => /^\d+\.sock$/.test(it)).map(it => connectLocally(join(folderIn(data), it))),
  )
  return found.filter(it => it !== undefined)
}
