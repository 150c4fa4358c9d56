/** `operations` and `recover`: list current and past operations, and decide about open ones. */
import { duration } from '../../../shared/amounts'
import { isOpen, type OperationState } from '../../../shared/operation'
import { isUndone, wordsOf } from '../../../shared/jobs/words'
import { asCalled } from '../called'
import { exitCodes, exitOfPhase } from '../exit-codes'
import { Failure, refused } from '../failure'
import { endedOf, problemOfState, withOperations } from '../operate'
import { clean, cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import { headLine, stepLine } from '../print/steps'
import { pairs, table } from '../print/table'
import { localTime } from '../print/time'
import type { Result, CommandSession } from '../session'

export async function operations(
  session: CommandSession,
  id: string | undefined,
  { password }: { readonly password?: boolean },
): Promise<Result> {
  if (password) return takePassword(session, id)
  const { client } = await session.engine('look')
  const known = await client.operations.list.query()
  if (id !== undefined) {
    const state = known.operations.find(it => it.id === id)
    const problem = known.unreadable.find(it => it.id === id)?.problem
    if (problem) throw refused(problem)
    if (!state) throw unknown()
    const output = await client.operations.output.query({ id })
    return {
      data: { operation: state, output },
      lines: [
        ...oneLines(session, state),
        ...output.flatMap(it =>
          clean(it.chunk)
            .trimEnd()
            .split('\n')
            .map(line => `    ${line}`),
        ),
      ],
    }
  }
  if (!session.json)
    for (const it of known.unreadable) {
      session.err.lines([...problemLines(it.problem, session.err.paint), `  instance-manager recover ${it.id} abandon`])
    }
  return {
    data: known,
    lines: known.operations.length ? listLines(session, known.operations) : ['No operations yet.'],
  }
}

export async function recover(session: CommandSession, id: string, how: 'resume' | 'roll-back'): Promise<Result> {
  return withOperations(session, async ({ client, follower }) => {
    // If the engine runs in this process, opening the workspace has already begun to recover it.
    const state = await follower.follow(id, found => {
      if (!isOpen(found)) throw refused({ code: 'operation-settled', message: 'This operation has already ended.' })
      if (how === 'roll-back' && !found.turned) return client.operations.rollBack.mutate({ id })
      return found.phase === 'stuck' ? client.operations.retry.mutate({ id }) : undefined
    })
    const wanted = how === 'resume' ? 'succeeded' : 'rolled-back'
    const data = { operation: endedOf(state) }
    if (state.phase === wanted) return { data }
    throw new Failure(
      state.phase === 'succeeded'
        ? { code: 'operation-settled', message: 'It ended before it could be rolled back.' }
        : problemOfState(state),
      state.phase === 'succeeded' ? exitCodes.refused : exitOfPhase(state.phase),
      data,
    )
  })
}

/** @throws Problem `operation-unknown` */
export async function abandon(session: CommandSession, id: string): Promise<Result> {
  const { client } = await session.engine('change')
  await client.operations.abandon.mutate({ id })
  return {
    data: { abandoned: id },
    lines: ['Abandoned. Its journal was set aside; what it had begun was neither finished nor undone.'],
  }
}

const unknown = () =>
  refused({
    code: 'operation-unknown',
    message: 'This operation doesn’t exist.',
    hint: 'Run “instance-manager operations” to list them.',
  })

/** Takes the password that an operation gave while nobody saw its end. */
async function takePassword(session: CommandSession, id: string | undefined): Promise<Result> {
  if (id === undefined) throw unknown()
  const { client } = await session.engine('change')
  const taken = await client.operations.takePassword.mutate({ id })
  if (!taken)
    throw refused({
      code: 'password-gone',
      message: 'No password to show.',
      cause: 'It was already shown, or the operation gave no director a new one.',
    })
  return {
    data: taken,
    lines: pairs(
      [
        ['Director', taken.email],
        ['Password', taken.password],
      ],
      text => session.out.paint('dim', text),
    ),
  }
}

const phases: Readonly<Record<OperationState['phase'], string>> = {
  running: 'open',
  undoing: 'open, undoing',
  stuck: 'stuck',
  succeeded: 'done',
  'rolled-back': 'undone',
}

const phaseOf = (it: OperationState): string =>
  it.phase === 'rolled-back' && !isUndone(it)
    ? it.turned?.reason === 'failed'
      ? 'failed'
      : 'cancelled'
    : phases[it.phase]

const listLines = ({ out }: CommandSession, states: readonly OperationState[]): string[] =>
  table<OperationState>(
    [
      { title: 'ID', text: it => it.id },
      { title: 'OPERATION', text: it => cleanLine(wordsOf(it).asking) },
      {
        title: 'STATE',
        text: phaseOf,
        paint: (text, it) => out.paint(it.phase === 'succeeded' ? 'green' : isOpen(it) ? 'yellow' : 'dim', text),
      },
      { title: 'STARTED', text: it => localTime(Date.parse(it.openedAt)) },
      {
        title: 'TOOK',
        right: true,
        text: it => (it.settledAt === undefined ? '-' : duration(Date.parse(it.settledAt) - Date.parse(it.openedAt))),
      },
      { title: 'WHY', text: it => cleanLine(it.turned?.problem?.message ?? it.turned?.reason ?? '') },
    ],
    states,
    text => out.paint('dim', text),
  )

function oneLines({ out }: CommandSession, state: OperationState): string[] {
  const now = Date.now()
  return [
    headLine(state, out.paint, now),
    ...state.steps.map(it => stepLine(state, it, out.paint, now)),
    ...(state.turned?.problem ? problemLines(state.turned.problem, out.paint) : []),
    ...(isOpen(state) ? [asCalled(`It is open: instance-manager recover ${state.id} resume|roll-back`)] : []),
  ]
}
