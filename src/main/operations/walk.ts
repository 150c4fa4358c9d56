/**
 * Runs one open operation from where its journal stands until it settles.
 *
 *                ┌─ doing → done, each step in order ──────────────────────► succeeded
 *      running ──┤
 *         │      └─ a step fails past the pivot, or leaves it to the operator (`waitsForDecision`) ─► stuck ── retry ─► running
 *         │
 *         │ turned: a step failed, or the operator cancelled or rolled back (never past the pivot)
 *         ▼
 *      undoing ──┬─ undone, each step that began, newest first ────────────► rolled-back
 *                └─ an undo fails ─► stuck ── retry ─► undoing
 *
 * From any state: if the journal can't be written, the operation is stuck where it was. If the app ends, the journal
 * stays unsettled and the next start continues from it; if the lock is lost, the same happens at once.
 *
 * A step is *in doubt* if it began and no entry says that it ended (after a crash, or because it was stuck). Going
 * forward, `verify` looks at the world before the step runs again. Before going forward after a crash or a retry,
 * whatever the operation needs must be available (`ready`); otherwise it is stuck where it stands, as it is after a
 * crash if the step, or its undo, has begun `maxAttempts` times.
 *
 * Steps may run abreast. Those in progress end before the operation turns, gets stuck or ends.
 *
 * Nothing is changed in the world before the entry that announces it is on disk.
 */
import {
  fold,
  hasBegun,
  isOpen,
  type Entry,
  type Json,
  type JournalLine,
  type OperationEvent,
  type OperationState,
  type StepResult,
  type StepState,
  type Transient,
} from '../../shared/operation'
import { stepTitle } from '../../shared/jobs/words'
import { problem, ProblemError, toProblem, waitsForDecision, type Problem } from '../../shared/problem'
import type { Journal } from './journal'
import { dueSteps, isPastPivot, nextMove } from './moves'
import type { AnyOperation, Context, Step } from './operation'
import { OutputTail } from './tail'

export interface WalkServices {
  readonly operation: AnyOperation
  /** The steps that its journal names. */
  readonly steps: readonly Step<Json>[]
  readonly journal: Journal
  readonly now: () => Date
  /** See `OperationsOptions`: once aborted, nothing is journaled any more and everything in progress must stop. */
  readonly lost: AbortSignal
  /** @throws Problem `secret-missing` */
  secret(name: string): Promise<string>
  publish(event: OperationEvent): void
  /** Called once, when it has settled. */
  onSettled(state: OperationState): void
}

/** A step that can go neither forward nor back, and why. */
interface Failure {
  readonly step: string
  readonly error: unknown
}

interface Turn {
  readonly reason: 'failed' | 'cancelled' | 'asked'
  readonly problem?: Problem
}

/** How many characters of a step's notes are kept: they are journaled, and pushed with the history. */
const notesKept = 20_000
const kept = (notes: readonly string[]): { notes?: string } =>
  notes.length > 0 ? { notes: notes.join('\n').slice(0, notesKept) } : {}

export class Walk {
  readonly output = new OutputTail()
  #state: OperationState
  /** Why to undo, once decided; `state.turned` once it is on disk. A closing app still writes it. */
  #turn: Turn | undefined
  /** Set while the entry after which there is no way back is written, so that a cancel at that moment is refused. */
  #crossing: 'pivot' | 'end' | undefined
  /** The app is closing: stop without turning. */
  #ending = false
  #walking: Promise<void> = Promise.resolve()
  /** Resolves when the newest entry is written: entries are written one at a time. */
  #recording: Promise<void> = Promise.resolve()
  readonly #cancelled = new AbortController()
  readonly #services: WalkServices

  constructor(services: WalkServices, state: OperationState) {
    this.#services = services
    this.#state = state
  }

  get state(): OperationState {
    return this.#state
  }

  /** Continues from where the journal stands. */
  begin(): void {
    this.#walking = this.#walk()
  }

  /**
   * Continues after a crash as the kind demands: forward if the pivot had begun, undoing if it had turned. If a step,
   * or its undo, has begun `maxAttempts` times, the operator decides.
   */
  recover(): void {
    const step = this.#state.steps.find(
      it => (it.status === 'doing' || it.status === 'undoing') && (it.attempts ?? 1) >= maxAttempts,
    )
    if (step) return this.#publish({ type: 'stuck', step: step.name, problem: neverDone(step) })
    if (this.#services.operation.recovery === 'roll-back' && !this.#state.turned && !this.#isForwardOnly())
      this.#turn = { reason: 'failed', problem: interrupted }
    this.#resume()
  }

  /** Tries a stuck step again. @throws Problem `operation-not-stuck` */
  retry(): void {
    if (this.#state.phase !== 'stuck')
      throw problem({
        code: 'operation-not-stuck',
        message: 'This operation isn’t stuck, so there is nothing to retry.',
      })
    this.#publish({ type: 'retrying', step: this.#at() })
    this.#resume()
  }

  /**
   * Stops the steps in progress and undoes everything done; returns at once. If it is already undoing, it continues.
   * @throws Problem `operation-past-pivot`, `operation-settled`
   */
  turn(reason: 'cancelled' | 'asked'): void {
    if (this.#crossing === 'end') throw hasEnded()
    if (this.#isForwardOnly())
      throw problem({
        code: 'operation-past-pivot',
        message: 'This operation can no longer be undone.',
        cause: `“${stepTitle(this.#state.kind, this.#services.operation.pivot ?? '')}” has begun, and can’t be reversed.`,
        hint: 'Let it finish. If it is stuck, retry it.',
      })
    this.#turn ??= { reason }
    this.#cancelled.abort()
    if (this.#state.phase === 'stuck') this.retry()
  }

  /**
   * Stops without turning; the next start recovers it. Interrupts a step that may be cancelled, and waits for one that
   * may not.
   */
  async end(): Promise<void> {
    this.#ending = true
    this.#cancelled.abort()
    await this.#walking
  }

  #resume(): void {
    this.#walking = this.#isReady().then(ready => (ready ? this.#walk() : undefined))
  }

  /**
   * Resolves to true if the operation may continue. Undo needs no check; a cancel that arrives meanwhile continues too,
   * into undo.
   */
  async #isReady(): Promise<boolean> {
    if (this.#state.turned || this.#turn) return true
    try {
      await this.#services.operation.ready?.(this.#state.plan)
    } catch (error) {
      if (this.#mustEnd()) return false
      if (!this.#turn) this.#publish({ type: 'stuck', step: this.#at(), problem: toProblem(error) })
      return this.#turn !== undefined
    }
    return true
  }

  async #walk(): Promise<void> {
    let failure: Failure | undefined | void
    try {
      while (!failure && isOpen(this.#state) && !this.#services.lost.aborted && (!this.#ending || this.#mustTurn()))
        failure = await this.#move()
    } catch (error) {
      failure = { step: this.#at(), error }
    }
    if (failure && !this.#services.lost.aborted) {
      this.#crossing = undefined
      this.#publish({ type: 'stuck', step: failure.step, problem: toProblem(failure.error) })
    }
    if (!isOpen(this.#state)) this.#services.onSettled(this.#state)
  }

  /** Makes one move. If it returns a failure or throws, the operation can go neither way: it is stuck. */
  async #move(): Promise<Failure | undefined | void> {
    if (this.#turn && this.#mustTurn()) return await this.#record({ type: 'turned', ...this.#turn })
    const move = nextMove(this.#state)
    switch (move.type) {
      case 'do':
        return await this.#goForward()
      case 'undo':
        return await this.#undo(this.#step(move.step))
      case 'settle':
        this.#crossing = 'end'
        return await this.#record({ type: 'settled', outcome: move.outcome })
    }
  }

  /**
   * Runs the steps that are due until none is left or the operation must stop. @returns the first failure, once the
   * steps in progress have ended
   */
  async #goForward(): Promise<Failure | undefined> {
    const underWay = new Map<string, Promise<void>>()
    let failure: Failure | undefined
    const begin = async (name: string, inDoubt: boolean): Promise<void> => {
      try {
        await this.#do(this.#step(name), inDoubt)
      } catch (error) {
        failure ??= { step: name, error }
      }
      underWay.delete(name)
    }
    for (;;) {
      const due = failure || this.#mustStop() ? [] : dueSteps(this.#state)
      for (const it of due) if (!underWay.has(it.name)) underWay.set(it.name, begin(it.name, hasBegun(it)))
      if (underWay.size === 0) return failure
      await Promise.race(underWay.values())
    }
  }

  /** Returns without completing the step only if the operation must stop. */
  async #do(step: Step<Json>, inDoubt: boolean): Promise<void> {
    if (step.name === this.#services.operation.pivot) this.#crossing = 'pivot'
    if (inDoubt && (await this.#succeeds(step, context => step.verify(context))))
      return this.#record({ type: 'done', step: step.name })
    if (this.#mustStop()) return
    await this.#record({ type: 'doing', step: step.name })
    let result: StepResult | undefined
    const work = async (context: Context<Json>): Promise<true> => {
      result = (await step.do(context)) as StepResult | undefined
      return true
    }
    const notes: string[] = []
    if (await this.#succeeds(step, work, notes))
      await this.#record({ type: 'done', step: step.name, result, ...kept(notes) })
  }

  async #undo(step: Step<Json>): Promise<void> {
    if (step.undo) await this.#record({ type: 'undoing', step: step.name })
    const notes: string[] = []
    await this.#call(step, this.#services.lost, async context => step.undo?.(context), notes)
    await this.#record({ type: 'undone', step: step.name, ...kept(notes) })
  }

  /**
   * Resolves to the work's result; to false if the work was stopped, or if it failed, which turns the operation.
   * @throws its error if the operation is past the pivot, or if the step only needs more time
   */
  async #succeeds(
    step: Step<Json>,
    work: (context: Context<Json>) => Promise<boolean>,
    notes: string[] = [],
  ): Promise<boolean> {
    if (this.#mustStop()) return false
    const forwardOnly = this.#isForwardOnly()
    try {
      return await this.#call(
        step,
        forwardOnly ? this.#services.lost : AbortSignal.any([this.#cancelled.signal, this.#services.lost]),
        work,
        notes,
      )
    } catch (error) {
      if (forwardOnly || (isWaiting(error) && !this.#mustStop())) throw error
      if (!this.#mustEnd()) {
        // otherwise the closing app interrupted it
        this.#turn ??= { reason: 'failed', problem: toProblem(error) }
        this.#cancelled.abort() // the steps abreast of it
      }
      return false
    }
  }

  async #call<T>(
    step: Step<Json>,
    signal: AbortSignal,
    work: (context: Context<Json>) => Promise<T>,
    notes: string[],
  ): Promise<T> {
    let live = true // output that arrives after the step has ended would be shown at the wrong step
    try {
      return await work({
        plan: this.#state.plan,
        signal,
        turned: this.#state.turned?.reason,
        secret: name => this.#services.secret(name),
        report: progress => {
          if (live) this.#publish({ type: 'progress', step: step.name, ...progress })
        },
        output: chunk => {
          if (live && chunk) this.#publish({ type: 'output', ...this.output.add(step.name, chunk) })
        },
        note: text => void notes.push(text),
      })
    } finally {
      live = false
    }
  }

  #record(entry: Entry): Promise<void> {
    const recorded = this.#recording.then(() => this.#write(entry))
    this.#recording = recorded.catch(() => undefined) // the caller handles the error
    return recorded
  }

  /** On disk first, then published. */
  async #write(entry: Entry): Promise<void> {
    this.#services.lost.throwIfAborted()
    const line: JournalLine = { id: this.#state.id, at: this.#services.now().toISOString(), ...entry }
    await this.#services.journal.append(line)
    this.#show(line)
  }

  #publish(event: Transient): void {
    this.#show({ id: this.#state.id, at: this.#services.now().toISOString(), ...event })
  }

  #show(event: OperationEvent): void {
    this.#state = fold(this.#state, event)
    this.#services.publish(event)
  }

  /** Undo has been decided, but isn't on disk yet. */
  #mustTurn(): boolean {
    return this.#turn !== undefined && !this.#state.turned
  }

  #mustEnd(): boolean {
    return this.#ending || this.#services.lost.aborted
  }

  #mustStop(): boolean {
    return this.#mustEnd() || this.#mustTurn()
  }

  #isForwardOnly(): boolean {
    return this.#crossing !== undefined || isPastPivot(this.#state, this.#services.operation.pivot)
  }

  /** The step to show as the current one: the stuck one, the next to do or undo, or the last one. */
  #at(): string {
    const move = nextMove(this.#state)
    const shown =
      this.#state.steps.find(it => it.status === 'stuck')?.name ??
      (move.type !== 'settle' ? move.step : this.#services.steps.at(move.outcome === 'succeeded' ? -1 : 0)?.name)
    return shown ?? ''
  }

  #step(name: string): Step<Json> {
    const step = this.#services.steps.find(it => it.name === name)
    if (!step) throw new Error(`operation ${this.#services.operation.kind} has no step ${name}`)
    return step
  }
}

/** The step says that nothing needs undoing: the operation waits for a decision instead of rolling back. */
const isWaiting = (error: unknown): boolean => error instanceof ProblemError && waitsForDecision(error.problem)

export const hasEnded = () => problem({ code: 'operation-settled', message: 'This operation has already ended.' })

/** Two interruptions may be chance (power cuts); after a third, the step itself is suspect. */
const maxAttempts = 3

const neverDone = ({ status, attempts = 1 }: StepState): Problem => ({
  code: 'step-interrupted',
  message: `${status === 'undoing' ? 'The undo of this step' : 'This step'} began ${attempts} times and never finished.`,
  cause: 'Instance Manager ended each time. The step may be the reason, so it isn’t repeated automatically.',
  hint: `Find out why Instance Manager ended, then retry${status === 'undoing' ? '' : ' or roll back'}.`,
  action: 'retry',
})

const interrupted: Problem = {
  code: 'operation-interrupted',
  message: 'Instance Manager ended part-way through, so this is rolled back.',
  hint: 'Start it again once it is rolled back.',
}
