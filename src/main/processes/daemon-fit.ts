/** Whether an app may run in cluster mode, in which it gets the daemon's environment and Node. */
import { readlink, realpath } from 'node:fs/promises'
import { readIfExists } from '../system/files'
import { findNode } from '../system/node'
import { environmentOf } from '../system/proc'
import { pm2Paths, processEnvironment } from './daemon'

/**
 * A daemon that we started has a small environment and our Node. The `pm2` command's has all that its caller had: a
 * `PORT` in it would override the one in an app's `.env`.
 * @param own the variables that the app's `.env` sets
 * @returns why an app would run otherwise than in fork mode; undefined if it wouldn't
 */
export async function misfit(home: string, own: Readonly<Record<string, string>>): Promise<string | undefined> {
  const pid = Number(await readIfExists(pm2Paths(home).pid))
  const node = await readlink(`/proc/${pid}/exe`).catch(() => '')
  const wanted = await realpath(await findNode())
  if (node.replace(/ \(deleted\)$/, '') !== wanted)
    return `It runs on ${node || 'an unknown program'}, not on ${wanted}.`
  const [inherited, passed] = [await environmentOf(pid), processEnvironment()]
  const clashing = Object.keys(own).filter(it => !(it in passed) && inherited.has(it) && inherited.get(it) !== own[it])
  return clashing.length === 0
    ? undefined
    : `Its environment sets ${clashing.join(', ')} and would override the instance’s .env.`
}
