/** Whether an app can run in cluster mode, which gives it the daemon's environment and Node. */
import { readlink, realpath } from 'node:fs/promises'
import { readIfExists } from '../system/files'
import { majorOf, nodeVersion } from '../system/node'
import { environmentOf } from '../system/proc'
import { createRun } from '../system/run'
import { runtime } from '../system/runtime'
import { pm2Paths, processEnvironment } from './daemon'

/**
 * A daemon that we started has a small environment and our Node. One started by the `pm2` command has its caller's
 * whole environment: a `PORT` there would override the one in an app's `.env`.
 * @param own the variables that the app's `.env` sets
 * @returns why an app would run differently than in fork mode; undefined if it wouldn't
 */
export async function misfit(home: string, own: Readonly<Record<string, string>>): Promise<string | undefined> {
  const pid = Number(await readIfExists(pm2Paths(home).pid))
  const node = await readlink(`/proc/${pid}/exe`).catch(() => '')
  const from = await runtime()
  const wanted = await realpath(from.node)
  if (node.replace(/ \(deleted\)$/, '') !== wanted && !(await sameMajor(`/proc/${pid}/exe`, wanted)))
    return `The daemon runs on ${node || 'an unknown program'}, not on ${wanted}.`
  const [inherited, passed] = [await environmentOf(pid), processEnvironment(from)]
  const clashing = Object.keys(own).filter(it => !(it in passed) && inherited.has(it) && inherited.get(it) !== own[it])
  return clashing.length === 0
    ? undefined
    : `The daemon’s environment sets ${clashing.join(', ')}, which would override the instance’s .env.`
}

/** Whether an app's packages work on both: native ones are built for a major version. */
async function sameMajor(node: string, other: string): Promise<boolean> {
  const run = createRun('daemon-fit')
  return await Promise.all([node, other].map(it => nodeVersion(run, it))).then(
    versions => new Set(versions.map(majorOf)).size === 1,
    () => false, // an unknown program
  )
}
