/** Which unsettled journals this version of the app may continue. Others are refused: nothing is guessed. */
import type { Json } from '../../shared/operation'
import { toProblem, type Problem } from '../../shared/problem'
import type { Readable, Reading } from './journal'
import { corrupt } from './journal-lines'
import { isPastPivot } from './moves'
import type { AnyOperation, Step } from './operation'

/**
 * @param reading of an unsettled operation @param operation its kind, if the app has it
 * @returns the reading with its plan and claims in the current version's form, or refused
 */
export async function recoverable(reading: Readable, operation: AnyOperation | undefined): Promise<Reading> {
  const {
    id,
    opened: { subject, claims },
  } = reading
  try {
    const checked = await check(reading, operation)
    return 'code' in checked ? { id, subject, claims, problem: checked } : checked
  } catch (error) {
    return { id, subject, claims, problem: toProblem(error) }
  }
}

async function check(reading: Readable, operation: AnyOperation | undefined): Promise<Readable | Problem> {
  const { opened, state } = reading
  const isSame = opened.version === operation?.version
  const plan = isSame ? opened.plan : operation?.adopt?.(opened.version, opened.plan)
  if (!operation || plan === undefined) return otherVersion(reading, operation)
  const parsed = operation.planSchema?.safeParse(plan)
  if (parsed?.success === false) {
    return corrupt(
      `Its plan doesn’t fit ${opened.kind}: ${parsed.error.issues.map(it => `${it.path.join('.')} ${it.message}`).join('; ')}`,
    ).problem
  }
  const contradiction = await operation.contradiction?.(plan, opened.subject)
  if (contradiction !== undefined) return corrupt(`Its plan was changed or damaged: ${contradiction}`).problem
  const due = operation.steps(plan).map(it => it.name)
  const found = isSame ? opened.steps : opened.steps.filter(it => due.includes(it))
  if (JSON.stringify(due) !== JSON.stringify(found)) return otherVersion(reading, operation)
  if (state.turned && isPastPivot(state, operation.pivot))
    return corrupt('It was rolled back after the point of no return.').problem
  return { ...reading, state: { ...state, plan, claims: operation.claims(plan) } }
}

const otherVersion = ({ opened }: Readable, operation: AnyOperation | undefined): Problem => ({
  code: 'journal-version',
  message: `An unfinished operation (${opened.kind} ${opened.subject}) is from another version of Instance Manager.`,
  cause: `Its journal has version ${opened.version} of ${opened.kind}; this app ${operation ? `has version ${operation.version}` : 'has no such job'}.`,
  hint: 'It was left as it is. Finish it with the version that started it, or put things right by hand and abandon it.',
})

/** The steps that a journal names, in its order. Those that the current plan leaves out do nothing. */
export function stepsOf(operation: AnyOperation, plan: Json, names: readonly string[]): readonly Step<Json>[] {
  const steps = operation.steps(plan)
  return names.map(
    name =>
      steps.find(it => it.name === name) ?? { name, do: () => Promise.resolve(), verify: () => Promise.resolve(true) },
  )
}
