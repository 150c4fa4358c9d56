/** Commands that run operations: live steps, cancelled by Ctrl+C, and a result. */
import { noteLines } from '../../shared/notes'
import { ProblemError, toProblem, type Problem } from '../../shared/problem'
import type { StartRequest } from '../../shared/jobs'
import { isOpen, type OperationState } from '../../shared/operation'
import { resultsOf, type InstanceResult } from '../../shared/jobs/many'
import { isUndone, subjectOf, wordsOf } from '../../shared/jobs/words'
import type { Client, Engine } from './engine'
import { exitCodes, exitOfPhase, worstExit, type ExitCode } from './exit-codes'
import { engineGone, Failure, problemOf, toFailure } from './failure'
import { Follower } from './follow'
import { asJson, cleanLine } from './print/clean'
import { problemLines } from './print/problem'
import { reporterFor } from './print/reporter-for'
import type { Result, CommandSession } from './session'

/** One operation in a command's result. */
export interface Ended {
  readonly id: string
  readonly kind: string
  readonly subject: string
  readonly phase: OperationState['phase']
  readonly problem?: Problem
}

export const endedOf = (state: OperationState): Ended => ({
  id: state.id,
  kind: state.kind,
  subject: subjectOf(state),
  phase: state.phase,
  ...(state.phase !== 'succeeded' && { problem: problemOfState(state) }),
})

export interface FollowServices {
  /** The current engine's client; changes if another engine takes over. */
  readonly client: Client
  /** The current engine belongs to another process. */
  readonly joined: boolean
  readonly follower: Follower
}

/**
 * Opens the engine and a follower, and does the work. If a joined engine vanishes, joins another one, or continues its
 * operations in this process.
 */
export async function withOperations<T>(
  session: CommandSession,
  work: (services: FollowServices) => Promise<T>,
): Promise<T> {
  let engine = await session.engine('change')
  const reporter = await reporterFor(session.json, session.out, session.err)
  const follower = new Follower(engine.client, reporter, async () => {
    if (!engine.joined) throw new Failure(engineGone(), exitCodes.failed)
    const text = 'The process running this has stopped; taking over its operations.'
    if (session.json) session.say(text)
    else reporter.note(text)
    await engine.close()
    engine = await session.engine('change')
    return engine.client
  })
  const free = session.interrupts.take(count => {
    if (count > 1) leave(session, engine, follower)
    reporter.note('Cancelling, and undoing what was done so far. Press Ctrl+C again to leave it as it is.')
    void follower.cancel()
  })
  try {
    return await work({
      get client() {
        return follower.client
      },
      get joined() {
        return engine.joined
      },
      follower,
    })
  } finally {
    free()
    follower.close()
  }
}

/** On the second Ctrl+C. The kernel frees the lock, and the journal records what is open. */
function leave(session: CommandSession, { joined }: Engine, follower: Follower): never {
  const { open } = follower
  follower.close()
  session.say(
    joined
      ? 'Detached. The Instance Manager that is running it will finish undoing it.'
      : 'Interrupted part-way. The next command that changes something continues with it. Or decide now:',
  )
  if (!joined) for (const id of open.length ? open : ['ID']) session.say(`  instance-manager recover ${id} roll-back`)
  if (session.json)
    session.out.line(
      asJson({
        type: 'result',
        ok: false,
        exit: exitCodes.stuck,
        problem: { code: 'left-open', message: 'Interrupted part-way.' },
      }),
    )
  process.exit(exitCodes.stuck)
}

const starting = (request: StartRequest) => (client: Client) => client.operations.start.mutate(request)

/** Runs one operation to its end. @throws Failure if it doesn't succeed */
export async function succeed(services: FollowServices, request: StartRequest): Promise<OperationState> {
  return mustSucceed(await services.follower.run(starting(request)))
}

export function mustSucceed(state: OperationState): OperationState {
  if (state.phase !== 'succeeded') throw new Failure(problemOfState(state), exitOfPhase(state.phase), endedOf(state))
  return state
}

export function problemOfState(state: OperationState): Problem {
  const stuck = state.steps.find(it => it.problem)?.problem
  if (state.phase === 'stuck') {
    const found = stuck ?? toProblem(new Error('stuck'))
    return {
      ...found,
      hint: `${found.hint ? `${found.hint} ` : ''}Then run: instance-manager recover ${state.id} resume${state.turned ? '' : '|roll-back'}`,
    }
  }
  if (state.turned?.problem) return state.turned.problem
  return {
    code: 'cancelled',
    message: `${wordsOf(state).asking}: cancelled${isUndone(state) ? ' and rolled back' : ''}.`,
  }
}

/** What its steps found and did. */
export const notesOf = ({ steps }: OperationState): string[] =>
  steps.flatMap(it => (it.notes === undefined ? [] : noteLines(it.notes))).map(cleanLine)

/** One of the instances named. */
export interface Each {
  readonly name: string
  readonly exit: ExitCode
  readonly operation?: Ended
  readonly problem?: Problem
}

/** Runs a job on one instance, with its result as one of a list. */
export async function one(services: FollowServices, name: string, request: StartRequest): Promise<Each> {
  try {
    return eachOf(name, await services.follower.run(starting(request)))
  } catch (error) {
    const { problem, exit } = toFailure(error)
    return { name, exit, problem }
  }
}

/**
 * Runs a job on many instances and returns each one's result. Cancelling it also cancels the operations in progress,
 * which are followed to their end. @throws Failure if none was started, or the job itself is stuck
 */
export async function many(services: FollowServices, request: StartRequest): Promise<Each[]> {
  return await resultsFor(services, await services.follower.run(starting(request)))
}

/** As `many`, for a job on many that another operation has begun. @param id absent: there is none */
export async function followMany(services: FollowServices, id: string | undefined): Promise<Each[]> {
  const state = await services.follower.runIfAny(() => Promise.resolve({ id }))
  return state ? await resultsFor(services, state) : []
}

async function resultsFor(services: FollowServices, state: OperationState): Promise<Each[]> {
  if (state.phase === 'stuck' || state.turned?.reason === 'failed') mustSucceed(state)
  return await Promise.all(resultsOf(state).map(it => eachOfMany(services, it, state.openedAt)))
}

async function eachOfMany(
  { follower }: FollowServices,
  { name, begun, result }: InstanceResult,
  since: string,
): Promise<Each> {
  const own = follower.states.findLast(it =>
    result
      ? it.id === result.operation
      : begun && it.subject === name.toLowerCase() && (isOpen(it) || it.openedAt >= since),
  )
  if (own && !result) {
    const cancel = ({ id }: OperationState): Promise<unknown> =>
      follower.client.operations.cancel.mutate({ id }).catch((error: unknown) => problemOf(error))
    return eachOf(name, await follower.follow(own.id, cancel))
  }
  if (own) return eachOf(name, own)
  if (!result)
    return {
      name,
      exit: exitCodes.refused,
      problem: { code: 'cancelled', message: `“${name}” was left alone, because the job was cancelled.` },
    }
  return result.problem
    ? { name, exit: toFailure(new ProblemError(result.problem)).exit, problem: result.problem }
    : { name, exit: exitCodes.done }
}

function eachOf(name: string, state: OperationState): Each {
  const operation = endedOf(state)
  return { name, exit: exitOfPhase(operation.phase), operation, problem: operation.problem }
}

/** What their steps found and did; with their names, if there are several. @returns undefined if there is nothing */
export function notesOfAll({ follower }: FollowServices, results: readonly Each[]): string[] | undefined {
  const ended = results.map(it => it.operation?.id)
  const lines = follower.states
    .filter(it => ended.includes(it.id))
    .flatMap(it => {
      const notes = notesOf(it)
      return results.length > 1 && notes.length > 0 ? [`${subjectOf(it)}:`, ...notes.map(note => `  ${note}`)] : notes
    })
  return lines.length > 0 ? lines : undefined
}

/** The command's result for many instances. */
export function resultOfMany(session: CommandSession, results: readonly Each[], lines?: readonly string[]): Result {
  const failed = results.filter(it => it.exit !== exitCodes.done)
  if (failed.length === 0) return { data: results, lines }
  const [first] = failed
  if (failed.length > 1 && !session.json)
    for (const it of failed) if (it.problem) session.err.lines(problemLines(it.problem, session.err.paint))
  const problem =
    failed.length === 1 && first?.problem
      ? first.problem
      : {
          code: 'some-failed',
          message: `${failed.length} of ${results.length} failed: ${failed.map(it => it.name).join(', ')}.`,
        }
  return { exit: worstExit(failed.map(it => it.exit)), problem, data: results, lines }
}
