/** The Node that instances and tools run on. */
import { realpath } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { problem } from '../../shared/problem'
import { isExecutable } from './files'
import type { Run } from './run'

/** A real Node: the one on PATH, or the one we are running on, unless that is Electron. @throws Problem `node-missing` */
export async function findNode(): Promise<string> {
  const [first] = await nodesOnPath()
  if (first !== undefined) return first
  if (!process.versions['electron']) return process.execPath
  throw problem({
    code: 'node-missing',
    message: 'Node.js wasn’t found.',
    cause: 'There is no program “node” in any folder of PATH.',
    hint: 'Install Node.js 20.19 or newer, or start Instance Manager from a terminal where “node --version” works.',
  })
}

/** All programs of this name, in the order of PATH. @param path another PATH than ours */
export async function nodesOnPath(path = process.env['PATH'] ?? ''): Promise<string[]> {
  const folders = path.split(delimiter).filter(it => it.startsWith('/'))
  const found: string[] = []
  for (const it of new Set(folders)) if (await isExecutable(join(it, 'node'))) found.push(join(it, 'node'))
  return found
}

/** The version of this Node, e.g. `20.19.2`. @throws Problem `command-failed` if it can't be run, or isn't Node */
export async function nodeVersion(run: Run, path: string): Promise<string> {
  if ((await realpath(path)) === process.execPath) return process.versions.node // no need to start it
  const printed = await run(path, ['--version'], { timeout: 10_000 })
  const version = /^v(\d+\.\d+\.\d+\S*)\s*$/.exec(printed)?.[1]
  if (version !== undefined) return version
  throw problem({ code: 'command-failed', message: `${path} isn’t Node.js.`, cause: 'It printed no version.' })
}

/** e.g. `20` of `20.19.2` */
export const majorOf = (version: string): string => version.split('.')[0] ?? ''
