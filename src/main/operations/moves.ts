/**
 * The engine's rules, as pure functions of what the journal says: what comes next, and what may come next. The walker
 * and the journal's reader use the same rules, so a journal that the walker couldn't have written is refused.
 */
import { hasBegun, isOpen, type Entry, type OperationState, type Outcome, type StepState } from '../../shared/operation'

export type Move =
  | { readonly type: 'do'; readonly step: string }
  | { readonly type: 'undo'; readonly step: string }
  | { readonly type: 'settle'; readonly outcome: Outcome }

/**
 * The steps that may be done now: the first that isn't done and, where steps run abreast, the next ones too. None once
 * it has turned.
 */
export function dueSteps({ turned, steps, abreast }: OperationState): readonly StepState[] {
  const open = turned ? [] : steps.filter(it => it.status !== 'done')
  const isAbreast =
    abreast !== undefined && open.length > 0 && steps.slice(0, abreast.from).every(it => it.status === 'done')
  return open.slice(0, isAbreast ? abreast.most : 1)
}

/**
 * Forward: the first step that isn't done. Turned: the newest step that began and isn't undone, including one in doubt.
 * If none is left: settle.
 */
export function nextMove(state: OperationState): Move {
  const { turned, steps } = state
  if (turned) {
    const step = steps.findLast(it => hasBegun(it) && it.status !== 'undone')
    return step ? { type: 'undo', step: step.name } : { type: 'settle', outcome: 'rolled-back' }
  }
  const [step] = dueSteps(state)
  return step ? { type: 'do', step: step.name } : { type: 'settle', outcome: 'succeeded' }
}

/** Whether the pivot has begun: from then on, only forward. */
export const isPastPivot = (state: OperationState, pivot: string | undefined): boolean =>
  state.steps.some(it => it.name === pivot && hasBegun(it))

/** Whether the walker could have journaled this entry in this state. */
export function isLegal(state: OperationState, entry: Entry): boolean {
  if (!isOpen(state)) return false
  const move = nextMove(state)
  switch (entry.type) {
    case 'opened':
      return false
    case 'doing':
      return dueSteps(state).some(it => it.name === entry.step)
    case 'done':
      return dueSteps(state).some(it => it.name === entry.step && hasBegun(it))
    case 'undoing':
    case 'undone':
      return move.type === 'undo' && move.step === entry.step
    case 'turned':
      return !state.turned
    case 'settled':
      return move.type === 'settle' && move.outcome === entry.outcome
  }
}
