/**
 * Whether an instance is healthy: PM2 reports it online, this very process holds the port (in cluster mode: accepts the
 * connection), an HTTP request is answered as the manifest says (`server.health`), and the instance's role reaches its database through
 * PgBouncer. It isn't enough that something listens on the port.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Problem } from '../../shared/problem'
import { problem, toProblem } from '../../shared/problem'
import type { HealthCheck } from '../../shared/workspace'
import type { ProcessInfo, ProcessRef, Processes } from '../processes/client'
import { lastLines } from '../processes/last-lines'
import { connectToWorker, workerOf } from '../processes/worker-connection'
import { descendants, parent } from '../system/proc'
import { portHolders, type ListeningProcess } from '../system/sockets'
import { acceptsConnections, httpGet, whyUnhealthy, type Answer } from './http'
import { ownProcess } from './lifecycle/own-process'
import type { InstancePools } from './pooled'

export interface HealthServices {
  readonly processes: Pick<Processes, 'list'>
  readonly pools: Pick<InstancePools, 'refusal'>
}
/** PM2's name for it, with the folder that distinguishes it from a namesake. */
export interface HealthTarget extends ProcessRef {
  readonly port: number
  /** Seconds it may take to answer. */
  readonly bootSeconds: number
  readonly health: HealthCheck
  /** PM2's id of its process, while another one serves the same port (cluster mode). Absent: it is the only one. */
  readonly beside?: number
}

const pollEvery = 100 // ms
const confirmAfter = 250 // ms; an application that crashes on its first request does so within that

interface Look {
  readonly problem?: Problem
  readonly process?: ProcessInfo
  /** Waiting won't help. */
  readonly final?: true
}

/**
 * Checks until it is healthy twice in a row, because an application may crash on its first request. Gives up at once if
 * PM2 gave up, or if the process crashed and was restarted meanwhile.
 * @throws Problem `slow-start` if it is running but doesn't answer in time, so that the caller can wait longer;
 * otherwise the last check's Problem. Details are the application's last error lines, with secrets masked. The signal's
 * reason if aborted.
 */
export async function waitForHealth(
  services: HealthServices,
  target: HealthTarget,
  { signal, report }: { readonly signal: AbortSignal; report?(progress: { text: string }): void },
): Promise<void> {
  const end = performance.now() + target.bootSeconds * 1000
  let first: ProcessInfo | undefined
  let healthyBefore = false
  let reported: string | undefined
  for (;;) {
    signal.throwIfAborted()
    const { problem: found, process, final } = await look(services, target, signal).catch(ifUnanswered)
    signal.throwIfAborted()
    first ??= process
    const restarted = first !== undefined && process !== undefined && process.restarts > first.restarts
    const reason = restarted ? endedAndRestarted(target) : found
    if (!reason && healthyBefore) return
    if (reason && (restarted || final || process?.status === 'errored' || performance.now() >= end)) {
      const slow = !restarted && process?.status === 'online' && startingUp.has(reason.code)
      throw problem({
        ...(slow ? slowStart(target, reason) : reason),
        details: process && (await lastLines(process.errLog)),
      })
    }
    if (reason && reason.message !== reported) report?.({ text: reason.message })
    reported = reason?.message
    healthyBefore = !reason
    await delay(healthyBefore ? confirmAfter : pollEvery)
  }
}

/** A busy machine may keep PM2 from answering for some seconds: no reason to take back what is starting. */
function ifUnanswered(error: unknown): Look {
  const found = toProblem(error)
  if (found.code !== 'pm2-not-answering') throw error
  return { problem: found }
}

/**
 * Checks once. The problem is `not-online`, `not-listening`, `port-held-by-other`, `no-http-answer`, `http-error` or
 * `pool-refuses`, in this order: those before it aren't the case.
 */
export async function look(services: HealthServices, target: HealthTarget, signal: AbortSignal): Promise<Look> {
  const { name, port } = target
  const process = await find(services, target)
  if (!process || process.status !== 'online' || process.pid === undefined)
    return { process, problem: notOnline(name, process) }
  const holders = (await acceptsConnections(port)) ? await portHolders(port, process.pid) : []
  if (holders.length === 0) return { process, problem: notListening(name, port) }
  const others = await foreign(process.execMode, process.pid, holders)
  if (others.length > 0) return { process, problem: heldByOther(name, port, others) }
  const answer = await answerFrom(process, target, process.pid, signal)
  if (answer === undefined) return { process, problem: sharedWithOther(name, port), final: true }
  if (typeof answer === 'string') return { process, problem: noAnswer(name, port, answer) }
  const unwell = whyUnhealthy(target.health, answer.status)
  if (unwell !== undefined) return { process, problem: httpError(name, unwell) }
  const refusal = await services.pools.refusal(target)
  if (refusal) return { process, problem: refusal }
  const after = await find(services, target) // the process that answered must still be the same
  return after?.pid === process.pid && after.status === 'online'
    ? { process: after }
    : { process: after, problem: notOnline(name, after) }
}

async function find(
  { processes }: HealthServices,
  { beside, ...target }: HealthTarget,
): Promise<ProcessInfo | undefined> {
  const listed = await processes.list()
  return ownProcess(beside === undefined ? listed : listed.filter(it => it.id === beside), target)
}

/** Those that are neither the process nor its children. In cluster mode PM2's daemon, the worker's parent, holds the socket. */
export async function foreign(
  execMode: ProcessInfo['execMode'],
  pid: number,
  holders: readonly ListeningProcess[],
): Promise<ListeningProcess[]> {
  if (holders.every(it => it.pid === pid)) return []
  const own = new Set<number | undefined>([pid, ...(await descendants(pid))])
  if (execMode === 'cluster') own.add(await parent(pid))
  return holders.filter(it => it.pid === undefined || !own.has(it.pid))
}

/**
 * Asks this very process. @returns as `httpGet`; undefined if PM2 hands connections to another application too
 */
async function answerFrom(
  { execMode }: ProcessInfo,
  { port, beside, health: { path } }: HealthTarget,
  pid: number,
  signal: AbortSignal,
): Promise<Answer | string | undefined> {
  if (execMode === 'fork') return httpGet(port, path, { signal })
  let answer: Answer | string = 'It doesn’t accept connections.'
  const worker = await workerOf(pid)
  for (let turn = 0; turn < turns; turn++) {
    const connection = await connectToWorker(port, worker, signal).catch(() => undefined)
    if (!connection) return answer
    const { socket, by } = connection
    try {
      if (by === 'other' && beside === undefined) return undefined
      if (by === 'worker') answer = await httpGet(port, path, { signal, socket })
    } finally {
      socket.destroy()
    }
    if (by === 'worker' && beside !== undefined) break
  }
  return answer
}

/** How many connections a check makes: the daemon hands them in turn to the processes that share a port. */
const turns = 4

/** Problems that an application may have while it is still starting. */
const startingUp: ReadonlySet<string> = new Set(['not-listening', 'no-http-answer'])

const slowStart = ({ name, bootSeconds }: HealthTarget, { message, cause }: Problem): Problem => ({
  code: 'slow-start',
  message: `“${name}” is running, but hasn’t answered within ${bootSeconds} s.`,
  cause: `${message}${cause ? ` ${cause}` : ''}`,
  hint: `It is left running. Keep waiting, or roll back. If it always takes this long, give it a longer boot time: “Change…” on its page, or instance-manager boot-time ${name} SECONDS.`,
  action: 'keep-waiting',
})

const notOnline = (name: string, process: ProcessInfo | undefined): Problem => ({
  code: 'not-online',
  message: `“${name}” isn’t running.`,
  cause: !process
    ? 'It isn’t in PM2’s list.'
    : process.status === 'errored'
      ? 'It kept crashing right after starting, so PM2 gave up.'
      : `PM2 reports: ${process.status}.`,
  hint: 'See Details for its last error lines. Fix the cause, then start it again.',
  action: 'retry',
})

const endedAndRestarted = ({ name }: HealthTarget): Problem => ({
  code: 'not-online',
  message: `“${name}” keeps crashing.`,
  cause: 'It crashed and was restarted by PM2 while it was being checked.',
  hint: 'See Details for its last error lines. Fix the cause, then start it again.',
  action: 'retry',
})

export const notListening = (name: string, port: number): Problem => ({
  code: 'not-listening',
  message: `“${name}” is running, but isn’t listening on port ${port}.`,
  cause: 'Nothing is listening on that port.',
  hint: 'The application must listen on the PORT in its .env. See Details for its last error lines.',
  action: 'retry',
})

export const heldByOther = (name: string, port: number, others: readonly ListeningProcess[]): Problem => ({
  code: 'port-held-by-other',
  message: `Port ${port} is held by another program, not by “${name}”.`,
  cause: `It is held by ${others.map(describe).join(', ')}.`,
  hint: 'Stop that program, or give the instance another port.',
  action: 'retry',
})

const sharedWithOther = (name: string, port: number): Problem => ({
  code: 'port-held-by-other',
  message: `Port ${port} is held by another program, not by “${name}”.`,
  cause: 'PM2 also hands its connections to another of its processes.',
  hint: 'Stop that process, or give the instance another port.',
  action: 'retry',
})

const describe = ({ pid, program }: ListeningProcess): string =>
  pid === undefined ? 'another user’s process' : `${program ?? 'a process'} (pid ${pid})`

export const noAnswer = (name: string, port: number, cause: string): Problem => ({
  code: 'no-http-answer',
  message: `“${name}” is listening on port ${port}, but doesn’t answer.`,
  cause,
  hint: 'See Details for its last error lines.',
  action: 'retry',
})

export const httpError = (name: string, cause: string): Problem => ({
  code: 'http-error',
  message: `“${name}” answers with an error.`,
  cause,
  hint: 'See Details for its last error lines.',
  action: 'retry',
})
