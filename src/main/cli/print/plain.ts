/** Without a terminal (cron, a file): one line per event, nothing animated. */
import { hasBegun, type OperationEvent, type OperationState } from '../../../shared/operation'
import { jobOf } from '../../../shared/jobs'
import { headline, stepTitle } from '../../../shared/jobs/words'
import { cleanLine } from './clean'
import type { Output } from './output'
import type { Reporter } from './reporter'
import { headLine, stepLine } from './steps'

export class PlainReporter implements Reporter {
  readonly #out: Output

  constructor(out: Output) {
    this.#out = out
  }

  snapshot(state: OperationState): void {
    this.#out.line(cleanLine(headline(state)))
    for (const step of state.steps) if (hasBegun(step)) this.#step(state, step.name)
  }

  event(event: OperationEvent, state: OperationState): void {
    switch (event.type) {
      case 'opened':
        return this.#out.line(cleanLine(headline(state)))
      case 'done':
      case 'undone':
      case 'stuck':
        return this.#step(state, event.step)
      case 'turned':
        return this.#out.line(
          `  ${event.reason === 'failed' ? 'Failed' : 'Cancelled'}${jobOf(state.kind)?.nothingToUndo ? '.' : '; undoing.'}`,
        )
      case 'retrying':
        return this.#out.line(`  Again: ${stepTitle(state.kind, event.step)}`)
      case 'settled':
        return this.#out.line(headLine(state, this.#out.paint, Date.parse(event.at)))
      case 'doing':
      case 'undoing':
      case 'progress':
      case 'output':
    }
  }

  note(text: string): void {
    this.#out.line(text)
  }

  end(): void {
    /* everything has been printed */
  }

  #step(state: OperationState, name: string): void {
    const step = state.steps.find(it => it.name === name)
    if (step) this.#out.line(stepLine(state, step, this.#out.paint, Date.now()))
  }
}
