/** Which unsettled journals this version of the app may walk on from. The others are refused, never guessed at. */
import { isOpen } from '../../shared/operation'
import { toProblem, type Problem } from '../../shared/problem'
import type { Readable, Reading } from './journal'
import { corrupt } from './journal-lines'
import { isPastPivot } from './moves'
import type { AnyOperation } from './operation'

/** @returns the reading as it is, or refused; a settled one is history, whatever its kind and version */
export async function recoverable(reading: Readable, kinds: ReadonlyMap<string, AnyOperation>): Promise<Reading> {
  const problem = isOpen(reading.state) ? await whyNot(reading, kinds).catch(toProblem) : undefined
  return problem ? { id: reading.id, subject: reading.opened.subject, problem } : reading
}

async function whyNot({ opened, state }: Readable, kinds: ReadonlyMap<string, AnyOperation>): Promise<Problem | undefined> {
  const operation = kinds.get(opened.kind)
  const sameSteps = JSON.stringify(operation?.steps.map(it => it.name)) === JSON.stringify(opened.steps)
  if (operation?.version !== opened.version || !sameSteps) return {
    code: 'journal-version', message: `An unfinished operation (${opened.kind} ${opened.subject}) is of another version of Instance Manager.`,
    cause: `Its journal is of ${opened.kind}, version ${opened.version}; this app ${operation ? `has version ${operation.version}` : 'does not know that kind'}.`,
    hint: 'It was left as it is. Finish it with the version that began it.',
  }
  const plan = operation.planSchema?.safeParse(opened.plan)
  if (plan?.success === false) {
    return corrupt(`Its plan is none of ${opened.kind}: ${plan.error.issues.map(it => `${it.path.join('.')} ${it.message}`).join('; ')}`).problem
  }
  const contradiction = await operation.contradiction?.(opened.plan, opened.subject)
  if (contradiction !== undefined) return corrupt(`Its plan was changed or damaged: ${contradiction}`).problem
  if (state.turned && isPastPivot(state, operation.pivot)) return corrupt('It turned past the point of no return.').problem
  return undefined
}
