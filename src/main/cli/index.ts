/** The command line's entry point, on plain Node: parses, runs, prints, and exits with a meaningful code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { asCalled } from './called'
import { exitCodes, type ExitCode } from './exit-codes'
import { Failure, toFailure, wrongUsage } from './failure'
import type { Perform } from './grammar'
import { productIn } from '../system/product'
import { asJson } from './print/clean'
import { Output } from './print/output'
import { problemLines } from './print/problem'
import { buildProgram } from './program'
import { CommandSession } from './session'

/** The product's folder, which contains this file as out/main/cli.cjs. */
const root = join(import.meta.dirname, '..', '..')
const [out, err] = [new Output(process.stdout), new Output(process.stderr, asCalled)]

main(process.argv.slice(2)).then(end, error => {
  throw error
})

async function main(args: readonly string[]): Promise<ExitCode> {
  const json = args.includes('--json') && !args.includes('__complete')
  let exit: ExitCode = exitCodes.done
  const { version } = JSON.parse(readFileSync(productIn(root).packageJson, 'utf8')) as { readonly version: string }
  const perform: Perform = async (command, options, work) => {
    const session = new CommandSession(root, command, options, out, err)
    let ended: Parameters<typeof report>[0]
    try {
      ended = await work(session)
    } catch (error) {
      ended = toFailure(error)
    }
    exit = report(ended, json, session.chosen?.path) // before closing, which may wait for other commands
    try {
      await session.close()
    } catch (error) {
      const { problem, exit: failed } = toFailure(error)
      err.lines(problemLines(problem, err.paint))
      if (exit === exitCodes.done) exit = failed
    }
  }
  try {
    const program = await buildProgram(args, {
      version,
      perform,
      write: text => out.write(asCalled(text)),
      writeError: text => err.write(text),
    })
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof Failure) return report(error, json)
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return exitCodes.done // --help, --version
    const missing = error.code === 'commander.help'
    if (missing && !json) return exitCodes.usage // the help says everything
    const message = missing ? 'Which command?' : error.message.replace(/^error: /, '')
    return report(wrongUsage(message, 'Run it with --help.'), json)
  }
}

/** Prints the result. */
function report(
  ended:
    | Failure
    | {
        readonly exit?: ExitCode
        readonly data?: unknown
        readonly lines?: readonly string[]
        readonly problem?: Failure['problem']
      },
  json: boolean,
  workspace?: string,
): ExitCode {
  const { exit = exitCodes.done, data, problem } = ended
  if (json)
    out.line(
      asJson({
        type: 'result',
        ok: exit === exitCodes.done,
        exit,
        ...(problem && { problem }),
        ...(data !== undefined && { data }),
      }),
    )
  else if ('lines' in ended) out.lines(ended.lines ?? [])
  if (problem && !json) err.lines(problemLines(problem, err.paint, workspace))
  return exit
}

/**
 * Exits without waiting for libraries' timers. On Linux, writes to pipes and terminals are synchronous, so no output is
 * lost.
 */
function end(code: ExitCode): void {
  process.exit(code)
}
