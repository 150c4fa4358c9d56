/**
 * Smoke tests of a running application, whatever its folder and port: that the client is served, the API answers and
 * the director's table can be read, plus the manifest's tests.
 */
import { join } from 'node:path'
import { parse } from 'dotenv'
import { count } from '../../../shared/amounts'
import { toProblem, type Problem } from '../../../shared/problem'
import type { Manifest, SmokeTest } from '../../../shared/workspace'
import type { Context } from '../../operations/operation'
import { baseEnvironment } from '../../system/environment'
import { readIfExists } from '../../system/files'
import { headAndTail } from '../../system/head-and-tail'
import { mask } from '../../system/launch'
import type { Run } from '../../system/run'
import { formsOf, secretsInEnv } from '../../workspace/known-secrets'
import type { Slot, WorkspacePaths } from '../../workspace/paths'
import { runAs } from '../system-user/identity'
import { apiAnswers, asking, clientIsServed, urlAnswers, usualApi, type Verdict } from './pages'
import { directorsTable, tableAnswers, type TableServices } from './table'

export interface SmokeServices extends TableServices {
  readonly paths: WorkspacePaths
  readonly run: Run
  readonly node: { readonly path: string }
}

export interface Subject {
  /** The instance. */
  readonly name: string
  /** The running code, with its `.env`. */
  readonly slot: Slot
  readonly port: number
}

interface Scene {
  readonly services: SmokeServices
  readonly subject: Subject
  readonly manifest: Manifest
  /** The text of its `.env`, and the secrets in it. */
  readonly env: string
  readonly secrets: readonly string[]
  readonly signal: AbortSignal
  readonly print: (text: string) => void
}

interface Test {
  readonly title: string
  readonly run: () => Promise<Verdict>
}

/** Milliseconds for each command. */
const timeout = 120_000
/** How many characters of the output a Problem is made from. */
const kept = 64_000

/**
 * Runs all tests, and notes each one's result.
 * @returns Problem `smoke-failed`, with the output under details; undefined if none failed
 * @throws the signal's reason
 */
export async function smokeTest(
  services: SmokeServices,
  subject: Subject,
  manifest: Manifest,
  { signal, output, note }: Pick<Context<unknown>, 'signal' | 'output' | 'note'>,
): Promise<Problem | undefined> {
  const env = (await readIfExists(subject.slot.env)) ?? ''
  const secrets = formsOf(secretsInEnv(env))
  let printed = ''
  const print = (text: string): void => {
    printed = (printed + text).slice(-kept)
    output(text)
  }
  const scene: Scene = { services, subject, manifest, env, secrets, signal, print }
  /** @returns why it failed */
  const run = async (test: Test): Promise<string | undefined> => {
    const began = performance.now()
    const { failure, skipped } = await test.run()
    signal.throwIfAborted()
    const mark = failure !== undefined ? '✗' : skipped !== undefined ? '–' : '✓'
    const outcome = failure ?? skipped ?? `${Math.round(performance.now() - began)} ms`
    const line = mask(`${test.title}: ${outcome}`, secrets)
    print(`${mark} ${line}\n`)
    note(`${mark} ${line}`)
    return failure === undefined ? undefined : line
  }
  const own = manifest.smoke.map((it): Test => {
    const { command } = it
    return command === undefined
      ? { title: `GET ${it.url ?? ''}`, run: () => urlAnswers(asking(subject.port, signal), it) }
      : { title: command.join(' '), run: () => commandSucceeds(scene, command) }
  })
  const standard = await standardTests(scene)
  const found = await Promise.all(standard.map(run))
  for (const it of own) found.push(await run(it)) // one at a time, so that their outputs don't mix
  const failures = found.filter(it => it !== undefined)
  if (failures.length === 0) return undefined
  return {
    code: 'smoke-failed',
    message:
      failures.length === 1
        ? `“${subject.name}” failed a smoke test.`
        : `“${subject.name}” failed ${failures.length} of ${count(found.length, 'smoke test')}.`,
    cause: failures.join(' '),
    hint: 'See Details for the output. A test that doesn’t suit the application can be changed in instance-manager.json.',
    details: headAndTail(printed),
  }
}

async function standardTests({ services, subject: { slot, port }, manifest, env, signal }: Scene): Promise<Test[]> {
  const ask = asking(port, signal)
  const table = await directorsTable(slot, manifest.director.model)
  const client: Test = { title: 'The client (GET /)', run: () => clientIsServed(ask, slot, manifest) }
  return [
    ...(manifest.smoke.some(it => it.url === '/') ? [] : [client]),
    { title: `The API (GET ${manifest.server.api ?? usualApi})`, run: () => apiAnswers(ask, slot, manifest) },
    {
      title: table === undefined ? 'The database' : `The director’s table (${table})`,
      run: () => tableAnswers(services, env, table),
    },
  ]
}

/** Runs as the instance's user, with the settings in its `.env`. */
async function commandSucceeds(
  { services, subject, env, secrets, signal, print }: Scene,
  [file, ...args]: NonNullable<SmokeTest['command']>,
): Promise<Verdict> {
  const { run, node, paths } = services
  const {
    name,
    slot: { server },
    port,
  } = subject
  const user = await runAs(paths, name)
  const program = file === 'node' ? node.path : file.includes('/') ? join(server, file) : file
  try {
    await run(program, args, {
      cwd: server,
      env: {
        ...parse(env),
        ...baseEnvironment(),
        ...(user && { HOME: user.home, USER: user.name, LOGNAME: user.name }),
        NODE_ENV: 'production',
        PORT: String(port),
      },
      user,
      signal,
      timeout,
      secrets,
      onOutput: print,
    })
    return {}
  } catch (error) {
    signal.throwIfAborted()
    const { code, message, cause } = toProblem(error)
    if (code === 'command-timeout') return { failure: `It took longer than ${timeout / 1000} s and was stopped.` }
    return { failure: (code === 'command-failed' ? cause : undefined) ?? message }
  }
}
