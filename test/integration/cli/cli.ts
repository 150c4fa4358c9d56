/** The built command line in a home of its own: every command is a process, as an operator or a script starts it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { realpath, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { lineSchema } from '../../../src/main/cli/lines'
import type { DriverKind } from '../../../src/shared/infrastructure'
import type { Problem } from '../../../src/shared/problem'
import { makeHome } from '../../support/electron'
import { firstInstancePort, freePort } from '../../support/ports'

const project = resolve(import.meta.dirname, '../../..')
const entry = process.env['INSTANCE_MANAGER_CLI'] ?? join(project, 'out/main/cli.cjs')

/** Built once, whoever of several test processes comes first. */
export async function builtCli(): Promise<void> {
  if (process.env['INSTANCE_MANAGER_CLI']) return
  await execa('flock', ['/tmp', process.execPath, join(project, 'scripts/cli.mjs'), '--version'], {
    timeout: 240_000,
    cwd: project,
  })
  if (!existsSync(entry)) throw new Error(`${entry} was not built`)
}

export type Line = { readonly type: string; readonly id?: string; readonly step?: string } & Readonly<
  Record<string, unknown>
>

export interface Ran {
  readonly exit: number | null
  readonly out: string
  readonly err: string
  /** With `--json`: each line, held to its schema. */
  readonly lines: readonly Line[]
  /** Of the last line. */
  readonly ok: boolean
  readonly data: never
  readonly problem: Problem | undefined
}

export interface Running {
  readonly child: ChildProcess
  /** Waits for a line of JSON, or text on either stream. @throws if the command ends without it */
  until(seen: (text: string) => boolean): Promise<void>
  readonly ended: Promise<Ran>
}

export interface CliHome {
  readonly path: string
  /** The workspace that `run` names. */
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a command on the workspace, in an empty folder. */
  run(args: string, input?: string): Promise<Ran>
  /** As `run`. @throws what it said, unless it succeeded */
  must(args: string): Promise<Ran>
  start(args: readonly string[], options?: StartOptions): Running
  remove(): Promise<void>
}

export interface StartOptions {
  readonly input?: string
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly file?: string
}

export interface CliOptions {
  readonly driver?: DriverKind
  readonly images?: { readonly postgres: string; readonly pgbouncer: string }
}

export async function cliHome({ driver = 'embedded', images }: CliOptions = {}): Promise<CliHome> {
  await builtCli()
  const home = await makeHome()
  const path = await realpath(home.path)
  const root = join(path, 'workspace')
  const prefix = `im-test-${randomInt(1e9).toString(36)}`
  const defaults = join(path, 'defaults.json')
  await writeFile(
    defaults,
    JSON.stringify({
      driver,
      ports: { postgres: await freePort(), pgbouncer: await freePort(), firstInstance: firstInstancePort() },
      containers: {
        postgres: `${prefix}-postgres`,
        pgbouncer: `${prefix}-pgbouncer`,
        ...(images && { postgresImage: images.postgres, pgbouncerImage: images.pgbouncer }),
      },
    }),
  )
  const env = { ...home.env, INSTANCE_MANAGER_DEFAULTS: defaults }
  return {
    path,
    root,
    env,
    ...commandsIn(path, root, env),
    async remove() {
      await home.remove()
      if (driver !== 'embedded') await removeContainers(driver, prefix)
    },
  }
}

/** @param root the workspace, which no other process has open */
export function commandsIn(
  path: string,
  root: string,
  env: Readonly<Record<string, string>>,
): Pick<CliHome, 'run' | 'must' | 'start'> {
  const start: CliHome['start'] = (args, { input, cwd = path, env: more = {}, file = process.execPath } = {}) =>
    running(
      spawn(file, file === process.execPath ? [entry, ...args] : [...args], {
        cwd,
        env: { ...env, ...more },
        stdio: 'pipe',
      }),
      input,
    )
  const run: CliHome['run'] = (args, input = '') => start(['--workspace', root, ...words(args)], { input }).ended
  return {
    start,
    run,
    async must(args) {
      const its = await run(args)
      if (its.exit !== 0) throw new Error(`${args}: exit ${its.exit ?? 'by a signal'}\n${its.out}\n${its.err}`)
      return its
    },
  }
}

/** Words of a command; those in quotes belong together. */
const words = (text: string): string[] => (text.match(/"[^"]*"|\S+/g) ?? []).map(it => it.replaceAll('"', ''))

/** For a shell. */
export const cliCommand = (args: string): string => `'${process.execPath}' '${entry}' ${args}`

function running(child: ChildProcess, input: string | undefined): Running {
  let [out, err, closed] = ['', '', false]
  const wake = new Set<() => void>()
  const heard = (): void => {
    for (const it of wake) it()
  }
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
    heard()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    err += chunk
    heard()
  })
  child.stdin?.on('error', () => undefined)
  if (input !== undefined) child.stdin?.end(input)
  const ended = once(child, 'close').then(([exit]) => {
    closed = true // it may have exited before, with some of its output still to be read
    heard()
    return ran(exit as number | null, out, err)
  })
  return {
    child,
    ended,
    until: seen =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (seen(out) || seen(err)) done()
          else if (closed) fail(new Error(`it ended without it:\n${out}\n${err}`))
          else return
          wake.delete(look)
        }
        wake.add(look)
        look()
      }),
  }
}

function ran(exit: number | null, out: string, err: string): Ran {
  const json = out.startsWith('{')
    ? out
        .trimEnd()
        .split('\n')
        .filter(it => it.startsWith('{'))
        .flatMap(parsed)
    : []
  const last = json.at(-1)
  return {
    exit,
    out,
    err,
    lines: json,
    ok: last?.['ok'] === true,
    data: last?.['data'] as never,
    problem: last?.['problem'] as Problem | undefined,
  }
}

/** A killed command's last line may be torn. */
function parsed(text: string): Line[] {
  try {
    return [lineSchema.parse(JSON.parse(text))]
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw new Error(`not a line of the schema: ${text}`, { cause: error })
  }
}

async function removeContainers(engine: 'podman' | 'docker', prefix: string): Promise<void> {
  for (const what of ['container', 'volume', 'network']) {
    const { stdout } = await execa(
      engine,
      [
        what,
        'ls',
        ...(what === 'container' ? ['--all'] : []),
        '--format',
        what === 'container' ? '{{.Names}}' : '{{.Name}}',
      ],
      { input: '' },
    )
    const ours = stdout.split('\n').filter(it => it.includes(prefix))
    if (ours.length) await execa(engine, [what, 'rm', '--force', ...ours], { input: '', timeout: 60_000 })
  }
}
