/** The Node that instances and tools run on. */
import { realpath } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { problem } from '../../shared/problem'
import { isExecutable } from './files'
import type { Run } from './run'

/** A real Node: the one on PATH, or the one we are running on, unless that is Electron. @throws Problem `node-missing` */
export async function findNode(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter(it => it.startsWith('/'))) {
    const candidate = join(folder, 'node')
    if (await isExecutable(candidate)) return candidate
  }
  if (!process.versions['electron']) return process.execPath
  throw problem({
    code: 'node-missing',
    message: 'Node.js wasn’t found.',
    cause: 'There is no program “node” in any folder of PATH.',
    hint: 'Install Node.js 20.19 or newer, or start Instance Manager from a terminal where “node --version” works.',
  })
}

/** `findNode`, with its major version, e.g. `20`. @throws as `findNode` */
export async function realNode(run: Run): Promise<{ readonly path: string; readonly major: string }> {
  const path = await findNode()
  // we are running on it, so no need to start it
  const ours = (await realpath(path)) === process.execPath
  return { path, major: ours ? majorOf(process.versions.node) : await nodeMajor(run, path) }
}

/** The major version of this Node, e.g. `20`. */
export const nodeMajor = async (run: Run, path: string): Promise<string> =>
  majorOf((await run(path, ['--version'], { timeout: 10_000 })).replace(/^v/, ''))

const majorOf = (version: string): string => version.split('.')[0] ?? ''
