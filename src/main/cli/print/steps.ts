/** Formats an operation and its steps as lines of text. */
import { duration } from '../../../shared/amounts'
import { lookOf, lookWords, type StepLook } from '../../../shared/jobs/step-look'
import type { OperationState, StepState } from '../../../shared/operation'
import { headline, progressOf, stepTitle } from '../../../shared/jobs/words'
import { cleanLine } from './clean'
import type { Paint, Style } from './style'

const marks: Readonly<Record<StepLook, readonly [mark: string, style: Style]>> = {
  waiting: ['·', 'dim'],
  doing: ['•', 'cyan'],
  done: ['✓', 'green'],
  undoing: ['↶', 'yellow'],
  undone: ['↶', 'dim'],
  stuck: ['!', 'red'],
  failed: ['✗', 'red'],
  wrong: ['✗', 'red'],
  left: ['↶', 'dim'],
  cancelled: ['↶', 'dim'],
}

/** Looks that are shown in words instead of a time. */
const inWords: ReadonlySet<StepLook> = new Set(['undone', 'failed', 'left', 'cancelled'])

const taken = (from: string | undefined, to: string | undefined, now: number): string =>
  from === undefined ? '' : duration((to === undefined ? now : Date.parse(to)) - Date.parse(from))

/** @param spinner shown for a running step */
export function stepLine(state: OperationState, step: StepState, paint: Paint, now: number, spinner?: string): string {
  const look = lookOf(step, state)
  const [mark, style] = marks[look]
  const active = step.status === 'doing' || step.status === 'undoing'
  const fraction = step.fraction === undefined ? '' : `${Math.round(step.fraction * 100)} %`
  const text = [
    stepTitle(state.kind, step.name),
    inWords.has(look) ? lookWords[look] : taken(step.startedAt, step.endedAt, now),
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
