/** Makes a part of a release by its recipe, in a folder that contains only what it may read. */
import { join } from 'node:path'
import { problem } from '../../shared/problem'
import { isFolder, makeFolder } from '../system/files'
import type { Run } from '../system/run'
import { BuildCache } from './build-cache'
import { copyFiles } from './copy-base'
import type { Sources } from './inputs'
import { explainInstall } from './npm'
import type { Parts } from './parts'
import { layPart } from './place'
import type { Recipe } from './recipes'
import { readTree } from './tree'

/** Reports what is being done for a part; `finished`: that has been done. */
export type Progress = (part: Recipe['part'], what: string, finished?: true) => void

export interface Workshop {
  readonly run: Run
  readonly signal: AbortSignal
  /** The copy of the base application. */
  readonly sources: Sources
  readonly parts: Parts
  /** The folder in which parts are made. */
  readonly aside: string
  readonly report: Progress
  readonly output: (chunk: string) => void
}

/** Milliseconds. A create-react-app client takes two minutes to build here; slow disks and networks need more. */
const timeout = 30 * 60_000

export async function makePart(
  recipe: Recipe,
  { run, signal, sources, parts, aside, report, output }: Workshop,
): Promise<void> {
  const root = join(aside, recipe.kind)
  const folder = join(root, recipe.folder)
  report(recipe.part, recipe.what)
  await makeFolder(folder)
  await copyFiles(sources.root, recipe.inputs, root, signal)
  if (recipe.packages) await layPart({ parts, run, signal }, recipe.packages.name, folder, recipe.packages.how)
  const cache = recipe.cached && recipe.packages ? new BuildCache(parts, run, recipe.packages.name, folder) : undefined
  await cache?.lay(root, recipe.inputs, signal)
  const before = recipe.output === undefined ? await readTree(run, folder, 'inode', signal) : undefined
  const write = linesWith(`[${recipe.part}] `, output)
  const [file, ...args] = recipe.command
  write.line(`$ ${recipe.command.join(' ')}`)
  await run(file, args, { cwd: folder, signal, timeout, onOutput: write.chunk })
    .catch(async (error: unknown) => {
      if (!signal.aborted) await cache?.forget()
      throw explainInstall(recipe, error)
    })
    .finally(write.end)
  await parts.keep(recipe.name, recipe.output === undefined ? folder : await builtIn(folder, recipe), recipe.sharing, {
    before,
    signal,
  })
  await cache?.keep()
  report(recipe.part, `${recipe.what}, done`, true)
}

async function builtIn(folder: string, { folder: client, output = '' }: Recipe): Promise<string> {
  const built = join(folder, output)
  if (await isFolder(built)) return built
  throw problem({
    code: 'client-build-missing',
    message: `The client’s build didn’t create the folder ${join(client, output)}.`,
    hint: 'If the client builds into another folder, set client.output in instance-manager.json.',
  })
}

/** Two commands write concurrently, so their output is passed on in whole lines, each with its origin. */
function linesWith(prefix: string, output: (chunk: string) => void) {
  let rest = ''
  const line = (text: string): void => output(`${prefix}${text}\n`)
  return {
    line,
    chunk: (chunk: string): void => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (lines.length) output(lines.map(it => `${prefix}${it}\n`).join(''))
    },
    end: (): void => {
      if (rest) line(rest)
    },
  }
}
