/** On a terminal: the steps with their times, redrawn as they change. Finished operations stay above. */
import { cursorTo, clearScreenDown, moveCursor } from 'node:readline'
import { isOpen, type OperationEvent, type OperationState } from '../../../shared/operation'
import type { Output } from './output'
import type { Reporter } from './reporter'
import { headLine, stepLine } from './steps'

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const frameEvery = 100 // ms
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

export class LiveReporter implements Reporter {
  readonly #states = new Map<string, OperationState>()
  readonly #timer: NodeJS.Timeout
  #drawn = 0
  readonly #out: Output

  constructor(out: Output) {
    this.#out = out

    out.write(hideCursor)
    this.#timer = setInterval(() => this.#draw(), frameEvery)
  }

  snapshot(state: OperationState): void {
    this.#update(state)
  }

  event(_event: OperationEvent, state: OperationState): void {
    this.#update(state)
  }

  note(text: string): void {
    this.#erase()
    this.#out.line(text)
    this.#draw()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#erase()
    for (const state of this.#states.values()) this.#keep(state)
    this.#out.write(showCursor)
  }

  #update(state: OperationState): void {
    this.#states.set(state.id, state)
    if (isOpen(state)) return this.#draw()
    this.#erase()
    this.#states.delete(state.id)
    this.#keep(state)
    this.#draw()
  }

  /** Prints the operation's final lines. */
  #keep(state: OperationState): void {
    this.#out.lines(this.#lines(state).map(it => this.#fit(it)))
  }

  #lines(state: OperationState, spinner?: string): string[] {
    const now = Date.now()
    // Of many parallel steps, only the running ones: all of them wouldn't fit on a screen.
    const steps = state.steps.filter(
      it => !state.abreast || !isOpen(state) || it.status === 'doing' || it.status === 'stuck',
    )
    return [
      headLine(state, this.#out.paint, now, spinner),
      ...steps.map(it => stepLine(state, it, this.#out.paint, now, spinner)),
    ]
  }

  #draw(): void {
    const spinner = frames[Math.floor(Date.now() / frameEvery) % frames.length]
    const lines = [...this.#states.values()]
      .flatMap(it => this.#lines(it, spinner))
      .slice(0, (this.#out.stream.rows || 24) - 1)
    this.#erase()
    this.#out.lines(lines.map(it => this.#fit(it)))
    this.#drawn = lines.length
  }

  #erase(): void {
    if (this.#drawn === 0 || this.#out.gone.aborted) return
    moveCursor(this.#out.stream, 0, -this.#drawn)
    cursorTo(this.#out.stream, 0)
    clearScreenDown(this.#out.stream)
    this.#drawn = 0
  }

  /** Cuts a line to the terminal's width, because a wrapped line couldn't be erased. */
  #fit(line: string): string {
    const width = this.#out.stream.columns || 80
    let seen = 0
    const cut = line.replace(
      /(\u001b\[[0-9;]*m)|([\s\S])/gu,
      (_, sequence: string | undefined, character: string) => sequence ?? (seen++ < width - 1 ? character : ''),
    )
    return cut
  }
}
