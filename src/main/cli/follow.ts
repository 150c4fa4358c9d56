/** Runs operations and follows each until it is settled or stuck. */
import { fold, type OperationEvent, type OperationState, type OperationsUpdate } from '../../shared/operation'
import type { Client } from './engine'
import { exitCodes } from './exit-codes'
import { engineGone, Failure, problemOf } from './failure'
import { cleanLine } from './print/clean'
import type { Reporter } from './print/reporter'

interface Waiting {
  resolve(state: OperationState): void
  reject(error: unknown): void
}

export class Follower {
  readonly #states = new Map<string, OperationState>()
  /** The operations being followed. */
  readonly #waiting = new Map<string, Waiting>()
  /** Events that arrive while an operation is being requested and its id isn't known yet. */
  #early: { readonly event: OperationEvent; readonly state: OperationState }[] = []
  #asking = 0
  #cancelled = false
  #failure: unknown
  #closed = false
  #stop = (): void => undefined
  /** Resolves when the first snapshot has arrived. */
  #ready: Promise<void>
  #current: Client
  readonly #reporter: Reporter
  readonly #another: () => Promise<Client>

  /**
   * @param another finds another engine to follow the same operations on if this one vanishes; throws if there is none
   */
  constructor(
    current: Client,
    reporter: Reporter,
    another: () => Promise<Client> = () => Promise.reject(new Failure(engineGone(), exitCodes.failed)),
  ) {
    this.#current = current
    this.#reporter = reporter
    this.#another = another

    this.#ready = this.#watch()
    this.#ready.catch(() => undefined)
  }

  /** The current engine's client. */
  get client(): Client {
    return this.#current
  }

  /** Resolves when the first snapshot has arrived, from this engine or one that took over. @throws why there is none */
  #watch(): Promise<void> {
    return new Promise<void>((known, failed) => {
      let over = false
      const fail = (error: unknown): void => {
        this.#failure = error
        failed(error)
        for (const it of this.#waiting.values()) it.reject(error)
      }
      const end = (then: () => void): void => {
        if (over || this.#closed) return
        over = true
        this.#stop()
        then()
      }
      const gone = (): void =>
        end(() => {
          this.#ready = this.#another().then(client => {
            this.#current = client
            return this.#watch()
          })
          this.#ready.then(known, fail)
        })
      const subscription = this.#current.operations.watch.subscribe(undefined, {
        onData: update => {
          this.#update(update)
          if (update.type === 'snapshot') known()
        },
        onError: error => end(() => fail(new Failure(problemOf(error), exitCodes.failed))),
        onComplete: gone,
        onConnectionStateChange: ({ state, error }) => {
          if (state === 'connecting' && error) gone()
        },
      })
      this.#stop = () => subscription.unsubscribe()
    })
  }

  /** Starts an operation. @returns its final state, settled or stuck @throws the Problem if it is refused */
  async run(ask: (client: Client) => Promise<{ readonly id: string }>): Promise<OperationState> {
    const state = await this.runIfAny(ask)
    if (!state) throw new Error('there is no operation')
    return state
  }

  /** Like `run`, but undefined if there is nothing to do. The operation may be one that was already running. */
  async runIfAny(
    ask: (client: Client) => Promise<{ readonly id?: string | undefined }>,
  ): Promise<OperationState | undefined> {
    await this.#ready
    this.#asking++
    let id: string | undefined
    try {
      ;({ id } = await ask(this.#current))
    } catch (error) {
      this.#asked()
      throw error
    }
    if (id === undefined) {
      this.#asked()
      return undefined
    }
    const ended = this.#wait(id)
    const known = this.#states.get(id)
    if (known && !this.#early.some(it => it.event.id === id)) {
      // it was already running
      this.#reporter.snapshot(known)
      this.#settle(known)
    }
    for (const { event, state } of this.#early) if (event.id === id) this.#tell(event, state)
    this.#asked()
    if (this.#cancelled) await this.#cancel(id)
    return await ended
  }

  /** Follows an operation that is already open. @param decide what to do with it first */
  async follow(id: string, decide: (state: OperationState) => Promise<unknown> | undefined): Promise<OperationState> {
    await this.#ready
    const state = this.#states.get(id)
    if (!state)
      throw new Failure(
        {
          code: 'operation-unknown',
          message: 'This operation doesn’t exist.',
          hint: 'Run “instance-manager operations” to list them.',
        },
        exitCodes.refused,
      )
    this.#reporter.snapshot(state)
    const ended = this.#wait(id)
    ended.catch(() => undefined)
    const decided = decide(state)
    await decided
    const now = this.#states.get(id) ?? state
    // The event that follows from a decision may still be on its way: until then, it is as stuck as it was.
    if (!decided || now !== state) this.#settle(now)
    return ended
  }

  /** All known operations, oldest first. */
  get states(): readonly OperationState[] {
    return [...this.#states.values()]
  }

  /** Cancels the followed operations, where possible, and any started later. They are still followed to their end. */
  async cancel(): Promise<void> {
    this.#cancelled = true
    await Promise.all([...this.#waiting.keys()].map(it => this.#cancel(it)))
  }

  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Ids of the followed operations that haven't ended. */
  get open(): readonly string[] {
    return [...this.#waiting.keys()]
  }

  close(): void {
    this.#closed = true
    this.#stop()
    this.#reporter.end()
  }

  async #cancel(id: string): Promise<void> {
    await this.#current.operations.cancel.mutate({ id }).catch((error: unknown) => {
      this.#reporter.note(cleanLine(problemOf(error).message))
    })
  }

  #wait(id: string): Promise<OperationState> {
    const ended = new Promise<OperationState>((resolve, reject) => this.#waiting.set(id, { resolve, reject })).finally(
      () => this.#waiting.delete(id),
    )
    if (this.#failure !== undefined) this.#waiting.get(id)?.reject(this.#failure)
    return ended
  }

  #asked(): void {
    if (--this.#asking === 0) this.#early = []
  }

  #update(update: OperationsUpdate): void {
    if (update.type === 'snapshot') {
      for (const state of update.operations) {
        this.#states.set(state.id, state)
        if (!this.#waiting.has(state.id)) continue
        this.#reporter.snapshot(state) // events were missed, because we were too slow or the engine changed
        if (this.#cancelled && !state.turned) void this.#cancel(state.id)
        this.#settle(state)
      }
      for (const [id, it] of this.#waiting)
        if (!update.operations.some(known => known.id === id)) it.reject(new Failure(engineGone(), exitCodes.failed))
      return
    }
    const { event } = update
    const state = fold(this.#states.get(event.id), event)
    this.#states.set(event.id, state)
    if (this.#waiting.has(event.id)) this.#tell(event, state)
    else if (this.#asking > 0) this.#early.push({ event, state })
  }

  #tell(event: OperationEvent, state: OperationState): void {
    this.#reporter.event(event, state)
    this.#settle(state)
  }

  #settle(state: OperationState): void {
    if (!isRunning(state)) this.#waiting.get(state.id)?.resolve(state)
  }
}

const isRunning = ({ phase }: OperationState): boolean => phase === 'running' || phase === 'undoing'
