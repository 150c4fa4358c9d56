/** Formats an operation and its steps as lines of text. */
import { duration } from '../../../shared/amounts'
import { instanceOf } from '../../../shared/jobs/many'
import type { OperationState, StepState } from '../../../shared/operation'
import { headline, progressOf, stepTitle } from '../../../shared/jobs/words'
import { cleanLine } from './clean'
import type { Paint, Style } from './style'

const marks: Readonly<Record<StepState['status'], readonly [mark: string, style: Style]>> = {
  waiting: ['·', 'dim'],
  doing: ['•', 'cyan'],
  done: ['✓', 'green'],
  undoing: ['↶', 'yellow'],
  undone: ['↶', 'dim'],
  stuck: ['!', 'red'],
}

const wrong: readonly [string, Style] = ['✗', 'red']

const taken = (from: string | undefined, to: string | undefined, now: number): string =>
  from === undefined ? '' : duration((to === undefined ? now : Date.parse(to)) - Date.parse(from))

/** @param spinner shown for a running step */
export function stepLine(kind: string, step: StepState, paint: Paint, now: number, spinner?: string): string {
  const status = step.result ? 'done' : step.status // its result stays even if the others are cancelled
  const [mark, style] = step.result?.problem ? wrong : marks[status]
  const active = step.status === 'doing' || step.status === 'undoing'
  const fraction = step.fraction === undefined ? '' : `${Math.round(step.fraction * 100)} %`
  const undone = step.result ? '' : instanceOf(step.name) === undefined ? 'undone' : 'continues on its own'
  const text = [
    stepTitle(kind, step.name),
    step.status === 'undone' ? undone : taken(step.startedAt, step.endedAt, now),
    active ? fraction : '',
    active ? (step.text ?? '') : '',
    (step.problem ?? step.result?.problem)?.message ?? '',
  ]
    .filter(Boolean)
    .map(cleanLine)
    .join('  ')
  const shown = paint(style, active && spinner !== undefined ? spinner : mark)
  return `  ${shown} ${step.status === 'waiting' ? paint('dim', text) : text}`
}

const phaseMarks: Readonly<Record<OperationState['phase'], readonly [mark: string, style: Style]>> = {
  running: ['•', 'cyan'],
  undoing: ['↶', 'yellow'],
  stuck: ['!', 'red'],
  succeeded: ['✓', 'green'],
  'rolled-back': ['✗', 'red'],
}

/** The operation in one line, with the time it has taken. */
export function headLine(state: OperationState, paint: Paint, now: number, spinner?: string): string {
  const [mark, style] = phaseMarks[state.phase]
  const active = state.phase === 'running' || state.phase === 'undoing'
  const progress = state.abreast && active ? `  ${progressOf(state)}` : ''
  return `${paint(style, active && spinner !== undefined ? spinner : mark)} ${cleanLine(headline(state))}${progress}  ${paint('dim', taken(state.openedAt, state.settledAt, now))}`
}
