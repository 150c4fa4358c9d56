/**
 * Output for the user. Everything goes to standard error: standard output is only for results (`npm run -s bench --
 * --json` prints nothing else there).
 */
import { spawn } from 'node:child_process'

export const say = text => process.stderr.write(`${text}\n`)

/** A failure with advice on what to do; shown without a stack. */
export class Failure extends Error {
  constructor(message, hint) {
    super(message)
    this.hint = hint
  }
}

/** Runs a script's main function: a Failure is printed without a stack and ends it with exit code 1. */
export async function script(main) {
  // Otherwise tools guess for themselves whether to use colour, even in pipes.
  if (!process.stderr.isTTY) process.env.NO_COLOR = '1'
  try {
    await main()
  } catch (error) {
    say(error instanceof Failure ? `\n✗ ${error.message}` : `\n✗ ${error.stack}`)
    if (error.hint) say(`  What to do: ${error.hint}`)
    process.exitCode = 1
  }
}

/**
 * Announces a step, reports every 10 s that it is still running, and then how long it took. @returns what `work`
 * returns
 */
export async function step(text, work) {
  const start = Date.now()
  const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`
  say(`• ${text} …`)
  const heartbeat = setInterval(() => say(`  still running, ${seconds()}`), 10_000)
  try {
    const result = await work()
    say(`  done, ${seconds()}`)
    return result
  } finally {
    clearInterval(heartbeat)
  }
}

/**
 * Runs a command. Its output goes to standard error as it arrives, or is collected with `quiet`. `timeout` is in
 * milliseconds. @returns { code, output, stdout }; code is null if the command was killed by a signal or couldn't start;
 * `output` has what it printed on standard error, too
 */
export function run(file, args, { cwd, env, timeout, quiet = false, input } = {}) {
  return new Promise(resolve => {
    const child = spawn(file, args, {
      cwd,
      timeout,
      env: env ? { ...process.env, ...env } : process.env,
      stdio: [input === undefined ? 'ignore' : 'pipe', quiet ? 'pipe' : 2, quiet ? 'pipe' : 2],
    })
    let output = ''
    let stdout = ''
    child.stdout?.on('data', chunk => {
      output += chunk
      stdout += chunk
    })
    child.stderr?.on('data', chunk => {
      output += chunk
    })
    child.stdin?.end(input)
    child.on('error', error => resolve({ code: null, output: `${output}${error.message}`, stdout }))
    child.on('close', code => resolve({ code, output, stdout }))
  })
}
