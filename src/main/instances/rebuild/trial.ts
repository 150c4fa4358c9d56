/**
 * Runs the code beside the running code: on a spare port, with the instance's settings and database (or a copy with the
 * new schema), as a child process of ours that is swept away after a crash. While it runs, the application's timers run
 * twice, so it is stopped as soon as it has answered.
 */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loopback } from '../../../shared/address'
import { rollbackJob, type ExchangePlan } from '../../../shared/jobs/rebuild'
import { problem, toProblem } from '../../../shared/problem'
import type { HealthCheck } from '../../../shared/workspace'
import type { Context } from '../../operations/operation'
import { baseEnvironment } from '../../system/environment'
import { portHolders } from '../../system/sockets'
import { readIfExists } from '../../system/files'
import type { SystemUser } from '../../system/users'
import { setEnv, writeEnv } from '../../workspace/env-file'
import { requireInstanceConfig } from '../../workspace/instance-config'
import { formsOf, secretsInEnv } from '../../workspace/known-secrets'
import { foreign } from '../health'
import { acceptsConnections, httpGet, whyUnhealthy } from '../http'
import { bootTime } from '../lifecycle/target'
import { smokeTest } from '../smoke/run'
import { runAs } from '../system-user/identity'
import { giveTo, placesOf } from '../system-user/ownership'
import { releasedIn } from './exchange'
import { withNewSettings } from './new-settings'
import { removeOwn } from './own-files'
import { envForCopy, ownerLogin, requireRoom } from './schema'
import { makeMove, readMove } from './schema-move'
import { pathsOf, type Exchange, type RebuildServices, type ExchangeStep } from './services'

const pollEvery = 50 // ms
/** Milliseconds. An application that crashes on its first request does so within this time. */
const confirmAfter = 250
/** Characters. The end of its output says why it failed. */
const kept = 16_000

const codes: Readonly<Record<Exchange, { readonly word: string; readonly hint: string }>> = {
  rebuild: {
    word: 'new',
    hint: 'The instance still has its old code. Fix the base application, then rebuild again.',
  },
  rollback: { word: 'previous', hint: 'The instance keeps its current code. See Details for the output.' },
}

/** A rebuild's code must pass the smoke tests too. */
export const trial = (services: RebuildServices, job: Exchange): ExchangeStep => ({
  async do(context) {
    const { plan, signal, report } = context
    const paths = pathsOf(services, plan)
    const env = await withNewSettings(services, plan, (await readIfExists(paths.env)) ?? '')
    const move = await readMove(paths.slots.replaced)
    if (!move) return await tryWith(services, context, job, env)
    const config = await requireInstanceConfig(paths.config)
    const room = () => requireRoom(services, 'a trial', config)
    report({ text: 'Copying the database' })
    await services.copies.use(await ownerLogin(services, config), plan.token, { signal, room }, async copy => {
      await makeMove(services.schemas, copy, move)
      await tryWith(services, context, job, envForCopy(env, copy))
    })
  },
  verify: () => Promise.resolve(false), // it leaves no trace of having run
  undo: async ({ plan }) => {
    // left by a trial that was killed; what can't be dropped now is dropped when PostgreSQL is up again
    if (plan.moves) await services.copies.drop(plan.token).catch(() => undefined)
  },
})

/** @param env the text of the instance's `.env`, with the database that the new code is to use */
async function tryWith(
  services: RebuildServices,
  { plan, signal, report, output, note }: Context<ExchangePlan>,
  job: Exchange,
  env: string,
): Promise<void> {
  const paths = pathsOf(services, plan)
  const { next } = paths.slots
  const released = await releasedIn(paths, plan.manifest)
  const port = await sparePort()
  await removeOwn(services.run, next.server, released) // left by a trial that was killed
  await writeEnv(next.env, setEnv(env, { PORT: String(port), HOST: loopback }))
  for (const it of plan.manifest.server.dataFolders) await mkdir(join(next.server, it), { recursive: true })
  const user = await runAs(services.paths, plan.target.name)
  if (user) await giveTo(services.run, user, placesOf(next, plan.manifest), signal)
  report({ text: `Trying the ${codes[job].word} code on port ${port}` })
  try {
    await tryOut(
      services,
      {
        name: plan.target.name,
        job,
        user,
        server: next.server,
        entry: plan.manifest.server.entry,
        health: plan.manifest.server.health,
        port,
        secrets: formsOf(secretsInEnv(env)),
      },
      { signal, output },
      async () => {
        if (job === rollbackJob.kind) return
        const subject = { name: plan.target.name, slot: next, port }
        const found = await smokeTest(services, subject, plan.manifest, { signal, output, note })
        if (found) throw problem({ ...found, message: `With the new code, ${found.message}` })
      },
    )
  } finally {
    await removeOwn(services.run, next.server, released)
  }
}

interface Candidate {
  readonly name: string
  readonly job: Exchange
  readonly user: SystemUser | undefined
  readonly server: string
  /** The script, relative to `server`. */
  readonly entry: string
  readonly health: HealthCheck
  readonly port: number
  /** Masked in its output. */
  readonly secrets: readonly string[]
}

/**
 * @param test called once it answers
 * @throws Problem `trial-failed`, with its output under details; what `test` throws; the signal's reason
 */
async function tryOut(
  services: RebuildServices,
  { name, job, user, server, entry, health, port, secrets }: Candidate,
  { signal, output }: { readonly signal: AbortSignal; readonly output: (chunk: string) => void },
  test: () => Promise<void>,
): Promise<void> {
  const { seconds } = await bootTime(services, name)
  const over = new AbortController()
  const limit = AbortSignal.any([signal, over.signal])
  let printed = ''
  let pid: number | undefined
  const failed = (cause: string): Error =>
    problem({
      code: 'trial-failed',
      message: `The ${codes[job].word} code of “${name}” doesn’t work.`,
      cause,
      hint: codes[job].hint,
      details: printed || undefined,
    })
  const ended = services
    .run(services.node.path, [join(server, entry)], {
      cwd: server,
      env: { ...baseEnvironment(), NODE_ENV: 'production', PORT: String(port), HOST: loopback },
      user,
      signal: limit,
      background: true,
      timeout: Infinity,
      secrets,
      onStart: it => (pid = it),
      onOutput(chunk) {
        printed = (printed + chunk).slice(-kept)
        output(chunk)
      },
    })
    .then(
      () => 'It exited.',
      (error: unknown) => {
        const { cause, message } = toProblem(error)
        return cause ?? message
      },
    )
  try {
    const look = (): Promise<string | undefined> => lookAt(pid, port, health, limit)
    const reason = await Promise.race([ended, answers(look, seconds, limit)])
    signal.throwIfAborted()
    if (reason !== undefined) throw failed(reason)
    await test()
  } finally {
    over.abort()
    await ended
  }
}

/** Waits until it has answered twice. @returns why it didn't within its boot time */
async function answers(
  look: () => Promise<string | undefined>,
  seconds: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = performance.now() + seconds * 1000
  for (let answered = false; ;) {
    const reason = await look()
    if (reason === undefined && answered) return undefined
    answered = reason === undefined
    if (signal.aborted || (reason !== undefined && performance.now() > end)) return reason ?? 'It was stopped.'
    await delay(answered ? confirmAfter : pollEvery)
  }
}

/** @returns why it isn't healthy */
async function lookAt(
  pid: number | undefined,
  port: number,
  health: HealthCheck,
  signal: AbortSignal,
): Promise<string | undefined> {
  const silent = `It isn’t listening on port ${port}.`
  if (pid === undefined || !(await acceptsConnections(port))) return silent
  const holders = await portHolders(port, pid)
  if ((await foreign('fork', pid, holders)).length === holders.length) return silent
  const answer = await httpGet(port, health.path, { signal })
  return typeof answer === 'string' ? answer : whyUnhealthy(health, answer.status)
}

/** A free port on the loopback interface. */
async function sparePort(): Promise<number> {
  const server = createServer().listen(0, loopback)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
