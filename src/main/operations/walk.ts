/**
 * One open operation, walked from where its journal stands to where it settles.
 *
 *                ┌─ doing → done, each step in order ──────────────────────► succeeded
 *      running ──┤
 *         │      └─ a step fails past the pivot, or only needs more time (`keep-waiting`) ─► stuck ── retry ─► running
 *         │
 *         │ turned: a step failed, or someone cancelled or asked (never past the pivot)
 *         ▼
 *      undoing ──┬─ undone, each step that began, newest first ────────────► rolled-back
 *                └─ an undo fails ─► stuck ── retry ─► undoing
 *
 * From any of them: the journal cannot be written ─► stuck where it was; the app ends ─► the journal stays
 * unsettled, and the next start walks on from it; the lock is lost ─► the same, at once. A step is *in doubt* when it began and nothing says that it ended
 * (a crash, or it was stuck): going forward, the world is asked (`verify`) before it is done again. Going forward after
 * a crash or a retry,
 * what it needs must be there (`ready`), else it is stuck where it stands; so it is if the step was begun
 * `mostAttempts` times already.
 * Steps that go abreast are done several at a time. Before it turns, gets stuck or ends, those under way have ended.
 *
 * Nothing is done in the world before the entry that announces it is on disk.
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
  type Transient,
} from '../../shared/operation'
import { problem, ProblemError, toProblem, type Problem } from '../../shared/problem'
import type { Journal } from './journal'
import { dueSteps, isPastPivot, nextMove } from './moves'
import type { AnyOperation, Context, Step } from './operation'
import { OutputTail } from './tail'

export interface WalkServices {
  readonly operation: AnyOperation
  /** Those that its journal names. */
  readonly steps: readonly Step<Json>[]
  readonly journal: Journal
  readonly now: () => Date
  /** See `OperationsOptions`: from then on nothing is journaled, and what runs is to stop. */
  readonly lost: AbortSignal
  /** @throws Problem `secret-missing` */
  secret(name: string): Promise<string>
  publish(event: OperationEvent): void
  /** It settled; called once. */
  onSettled(state: OperationState): void
}

/** A step that can go neither way now, and why. */
interface Failure {
  readonly step: string
  readonly error: unknown
}

interface Turn {
  readonly reason: 'failed' | 'cancelled' | 'asked'
  readonly problem?: Problem
}

export class Walk {
  readonly output = new OutputTail()
  #state: OperationState
  /** Why to undo, once that is decided; `state.turned` once it is on disk, which an ending app still sees to. */
  #turn: Turn | undefined
  /** The entry that leaves no way back is being written: a cancel in that moment is refused, not lost. */
  #crossing: 'pivot' | 'end' | undefined
  /** The app ends: stop without turning. */
  #ending = false
  #walking: Promise<void> = Promise.resolve()
  /** The last entry: they are written one after the other. */
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

  /** Walks on from where the journal stands. */
  begin(): void {
    this.#walking = this.#walk()
  }

  /**
   * Walks on after a crash, as the kind says; forward if the pivot had begun, undoing if it had turned. A step that was
   * begun `mostAttempts` times waits for a decision.
   */
  recover(): void {
    const step = this.#state.turned
      ? undefined
      : this.#state.steps.find(it => it.status === 'doing' && (it.attempts ?? 1) >= mostAttempts)
    if (step) return this.#publish({ type: 'stuck', step: step.name, problem: neverDone(step.attempts ?? 1) })
    if (this.#services.operation.recovery === 'roll-back' && !this.#state.turned && !this.#isForwardOnly())
      this.#turn = { reason: 'failed', problem: interrupted }
    this.#resume()
  }

  /** Tries a stuck step again. @throws Problem `operation-not-stuck` */
  retry(): void {
    if (this.#state.phase !== 'stuck')
      throw problem({ code: 'operation-not-stuck', message: 'This operation is not stuck; there is nothing to retry.' })
    this.#publish({ type: 'retrying', step: this.#at() })
    this.#resume()
  }

  /**
   * Stops what runs and undoes what was done; returns at once. An operation that undoes already goes on with that.
   * @throws Problem `operation-past-pivot`, `operation-settled`
   */
  turn(reason: 'cancelled' | 'asked'): void {
    if (this.#crossing === 'end') throw hasEnded()
    if (this.#isForwardOnly())
      throw problem({
        code: 'operation-past-pivot',
        message: 'This operation can no longer be undone.',
        cause: `"${this.#services.operation.pivot ?? ''}" has begun; what it does cannot be taken back.`,
        hint: 'Let it finish. If it is stuck, retry it.',
      })
    this.#turn ??= { reason }
    this.#cancelled.abort()
    if (this.#state.phase === 'stuck') this.retry()
  }

  /**
   * Stops without turning, for the next start to recover: interrupts a step that may be cancelled, and waits for the
   * end of one that may not.
   */
  async end(): Promise<void> {
    this.#ending = true
    this.#cancelled.abort()
    await this.#walking
  }

  #resume(): void {
    this.#walking = this.#isReady().then(ready => (ready ? this.#walk() : undefined))
  }

  /** Whether to walk on. Undoing asks nobody; a cancel while it is asked is one to walk on for. */
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

  /** One move. What it returns or throws can be met neither by going on nor by undoing: the operation is stuck. */
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
   * Does the steps whose turn it is, until none is left or it must stop. @returns the first failure, when those under
   * way have ended too
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

  /** It returns with the step not done only if the operation must stop. */
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
    if (await this.#succeeds(step, work)) await this.#record({ type: 'done', step: step.name, result })
  }

  async #undo(step: Step<Json>): Promise<void> {
    await this.#call(step, this.#services.lost, async context => step.undo?.(context))
    await this.#record({ type: 'undone', step: step.name })
  }

  /**
   * The work's answer; false, and turned, if it failed; false if it was stopped. @throws what it failed with, past the
   * pivot or where it may be waited for
   */
  async #succeeds(step: Step<Json>, work: (context: Context<Json>) => Promise<boolean>): Promise<boolean> {
    if (this.#mustStop()) return false
    const forwardOnly = this.#isForwardOnly()
    try {
      return await this.#call(
        step,
        forwardOnly ? this.#services.lost : AbortSignal.any([this.#cancelled.signal, this.#services.lost]),
        work,
      )
    } catch (error) {
      if (forwardOnly || (isWaiting(error) && !this.#mustStop())) throw error
      if (!this.#mustEnd()) {
        // an ending app has interrupted it itself
        this.#turn ??= { reason: 'failed', problem: toProblem(error) }
        this.#cancelled.abort() // those beside it
      }
      return false
    }
  }

  async #call<T>(step: Step<Json>, signal: AbortSignal, work: (context: Context<Json>) => Promise<T>): Promise<T> {
    let live = true // what a step's leftovers say after its end would be shown at the wrong step
    try {
      return await work({
        plan: this.#state.plan,
        signal,
        secret: name => this.#services.secret(name),
        report: progress => {
          if (live) this.#publish({ type: 'progress', step: step.name, ...progress })
        },
        output: chunk => {
          if (live && chunk) this.#publish({ type: 'output', ...this.output.add(step.name, chunk) })
        },
      })
    } finally {
      live = false
    }
  }

  #record(entry: Entry): Promise<void> {
    const recorded = this.#recording.then(() => this.#write(entry))
    this.#recording = recorded.catch(() => undefined) // whoever recorded it hears of it
    return recorded
  }

  /** On disk first, then for all to see. */
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

  /** It is decided to undo, and not on disk yet. */
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

  /** The step where it stands, to be shown: the stuck one, the next to do or undo, or the last that was. */
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

/** Only time is missing, says the step: it waits for a decision where it stands, instead of turning. */
const isWaiting = (error: unknown): boolean => error instanceof ProblemError && error.problem.action === 'keep-waiting'

export const hasEnded = () => problem({ code: 'operation-settled', message: 'This operation has ended already.' })

/** Twice may be chance (two power cuts); a third time, the step itself is suspected. */
const mostAttempts = 3

const neverDone = (attempts: number): Problem => ({
  code: 'step-interrupted',
  message: `This step was begun ${attempts} times and never finished.`,
  cause: 'Instance Manager ended while it ran. The step itself may be the reason, so it isn’t begun again without you.',
  hint: 'Find out why Instance Manager ended, then try again, or roll the operation back.',
  action: 'retry',
})

const interrupted: Problem = {
  code: 'operation-interrupted',
  message: 'Instance Manager ended while this ran, so it is undone.',
  hint: 'Start it again when it is rolled back.',
}
