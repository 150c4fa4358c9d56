/** The four commands that turn a copy of the base application into a release; server and client go in parallel. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Manifest } from '../../shared/workspace'
import type { Run } from '../system/run'

/** Which part does what now; `finished`: it has done that. */
export type Progress = (part: 'server' | 'client', what: string, finished?: true) => void

/** Commands of both parts together. */
export const commandCount = 4

export interface Part {
  readonly run: Run
  readonly signal: AbortSignal
  /** Holds the copy of the base application. */
  readonly root: string
  readonly manifest: Manifest
  readonly report: Progress
  readonly output: (chunk: string) => void
}

/** A client on create-react-app needs two minutes to build here (STACK.md); slow disks and networks need more. */
const timeout = 30 * 60_000

export async function prepareServer({ manifest: { server }, ...part }: Part): Promise<void> {
  const step = within(part, server.folder, 'server')
  await step('installing packages', server.install ?? await installCommand(join(part.root, server.folder)))
  await step('generating the Prisma client', server.generate)
}

export async function prepareClient({ manifest: { client }, ...part }: Part): Promise<void> {
  const step = within(part, client.folder, 'client')
  await step('installing packages', client.install ?? await installCommand(join(part.root, client.folder)))
  await step('building', client.build)
}

/** `npm ci` takes exactly what the lock file names, so its cache needs no questions to the registry. */
async function installCommand(folder: string): Promise<readonly [string, ...string[]]> {
  const locked = await stat(join(folder, 'package-lock.json')).then(() => true, () => false)
  return ['npm', ...(locked ? ['ci', '--prefer-offline'] : ['install']), '--no-audit', '--no-fund']
}

function within({ run, signal, root, report, output }: Omit<Part, 'manifest'>, folder: string, title: 'server' | 'client') {
  return async (what: string, [file, ...args]: readonly [string, ...string[]]): Promise<void> => {
    report(title, what)
    const write = linesWith(`[${title}] `, output)
    write.line(`$ ${[file, ...args].join(' ')}`)
    await run(file, args, { cwd: join(root, folder), signal, timeout, onOutput: write.chunk }).finally(write.end)
    report(title, `${what}, done`, true)
  }
}

/** Two commands write at once: their output goes on in whole lines, each with its origin. */
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
    end: (): void => { if (rest) line(rest) },
  }
}
