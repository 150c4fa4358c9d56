/**
 * Runs operations, journals them, and recovers what a crash left unsettled. Knows no instance, no Podman, no Electron.
 */
import { mkdir } from 'node:fs/promises'
import {
  fold,
  isMoving,
  isOpen,
  journalLineSchema,
  type Abreast,
  type Json,
  type OperationState,
  type OperationsUpdate,
  type UnreadableJournal,
} from '../../shared/operation'
import { problem } from '../../shared/problem'
import { Claims, nameOf, type Holder, type Unreadable } from './claims'
import { Feed } from './feed'
import { findJournals, tidy } from './found'
import { History, unknown } from './history'
import { Journal, newId, putAside, type OpenedLine, type Readable } from './journal'
import type { AnyOperation } from './operation'
import { stepsOf } from './recoverable'
import { OperationSecrets, type KeyStore } from './secrets'
import type { OutputChunk } from './tail'
import { Walk } from './walk'

export interface OperationsOptions {
  /** Where the journals lie; made (0700) if missing. */
  readonly folder: string
  readonly secrets: KeyStore
  readonly now?: () => Date
  /**
   * Aborted when another process may run these operations: what runs is interrupted as by a crash, undo and what is
   * past its pivot too, and no journal is written any more. `close` is still to be called.
   */
  readonly lost?: AbortSignal
}

export class Operations {
  /** Of which it can run operations. */
  readonly #kinds = new Map<string, AnyOperation>()
  readonly #whenSettled: ((state: OperationState) => void)[] = []
  readonly #feed = new Feed()
  readonly #history: History
  readonly #secrets: OperationSecrets
  readonly #closing = new AbortController()
  readonly #claims = new Claims()
  #unreadable: readonly Unreadable[] = []
  /** What is being planned and opened. */
  readonly #starting = new Set<Promise<unknown>>()
  #looking = false
  readonly #options: OperationsOptions

  constructor(options: OperationsOptions) {
    this.#options = options

    this.#history = new History(options.folder)
    this.#secrets = new OperationSecrets(options.secrets)
  }

  /** What it can run, to be said before it is opened. */
  define(operations: readonly AnyOperation[]): void {
    for (const it of operations) this.#kinds.set(it.kind, it)
  }

  /** @param listener called when an operation settles, after its journal says so; it must not throw */
  whenSettled(listener: (state: OperationState) => void): void {
    this.#whenSettled.push(listener)
  }

  /**
   * Reads the journals and recovers every unsettled operation: resumed or rolled back as its kind says, undone further
   * if it had turned, forward if past its pivot. Call it once, with the workspace locked. Journals that cannot be used
   * are shown and left alone.
   * @returns the operations that are being recovered
   */
  async open(): Promise<readonly OperationState[]> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 })
    const found = await findJournals(this.#options.folder, this.#kinds)
    await tidy(this.#options.folder, found)
    this.#remember(
      found.usable.filter(it => !isOpen(it.state)),
      found.unreadable,
    )
    const recovering = found.usable
      .filter(it => isOpen(it.state))
      .map(it => this.#add(this.#kind(it.opened.kind), it.opened.steps, it.journal, it.state))
    const states = recovering.map(it => it.state)
    for (const it of states) this.#claims.take(it)
    // Whoever finishes a refused journal needs its secrets. What can't be forgotten now is forgotten at the next
    // opening.
    if (this.#unreadable.length === 0)
      await this.#secrets.tidy(this.list(), it => this.#kinds.get(it)?.shows).catch(() => undefined)
    for (const walk of recovering) walk.recover()
    return states
  }

  /**
   * Instead of `open`, without the lock: reads the journals, which another process may be writing. Nothing can be
   * started then.
   */
  async look(): Promise<void> {
    this.#looking = true
    const { usable, unreadable } = await findJournals(this.#options.folder, this.#kinds)
    this.#remember(usable, unreadable)
    for (const { state } of usable) if (isOpen(state)) this.#claims.take(state)
  }

  #remember(history: readonly Readable[], unreadable: readonly Unreadable[]): void {
    this.#history.remember(history)
    this.#refuse(unreadable)
  }

  #refuse(unreadable: readonly Unreadable[]): void {
    this.#unreadable = unreadable
    this.#claims.refuse(unreadable)
  }

  /**
   * Plans and opens an operation, and begins it.
   * @returns its id, once its opening is on disk
   * @throws what `plan` throws, or Problem `operation-open`, `journal-write-failed`, `shutting-down`; then nothing is
   * left
   */
  async start(kind: string, input: unknown): Promise<string> {
    if (this.#looking) throw new Error('the workspace is only looked at')
    const started = this.#start(this.#kind(kind), input)
    this.#starting.add(started)
    return started.finally(() => this.#starting.delete(started))
  }

  async #start(operation: AnyOperation, input: unknown): Promise<string> {
    this.#refuseWhenClosing()
    const about = operation.about(input)
    const opened = await this.#claims.acquire(about, async () => {
      const plan = await operation.plan(input)
      this.#refuseWhenClosing()
      return this.#opened(operation, nameOf(about), plan)
    })
    const state = fold(undefined, opened)
    try {
      const secrets = (await operation.secrets?.(input)) ?? {}
      this.#refuseWhenLost() // they may take long to make
      await this.#secrets.keep(opened.id, secrets)
      const journal = await Journal.create(this.#options.folder, opened)
      this.#feed.publish(opened)
      const walk = this.#add(operation, opened.steps, journal, state)
      if (!this.#closing.signal.aborted) walk.begin() // else the next opening does
      return opened.id
    } catch (error) {
      this.#claims.release(opened.id)
      await this.#secrets.forget(state).catch(() => undefined) // the next opening does it
      throw error
    }
  }

  /** The first line, as a later start will read it, so that a step sees the same plan now and after a crash. */
  #opened(operation: AnyOperation, subject: string, plan: Json): OpenedLine & Holder {
    const [now, claims, steps, abreast] = [
      this.#now(),
      operation.claims(plan),
      operation.steps(plan).map(it => it.name),
      operation.abreast?.(plan),
    ]
    requireWellFormed(operation, steps, abreast)
    const line = {
      type: 'opened',
      id: newId(now),
      at: now.toISOString(),
      kind: operation.kind,
      version: operation.version,
      subject,
      plan,
      steps,
      claims,
      abreast,
    }
    const opened = journalLineSchema.parse(JSON.parse(JSON.stringify(line))) as OpenedLine
    operation.planSchema?.parse(opened.plan) // else a crash would leave a journal that is refused
    return { ...opened, claims }
  }

  /**
   * Stops an operation and undoes it; returns at once. @throws Problem `operation-past-pivot`, `operation-settled`,
   * `operation-unknown`, `shutting-down`
   */
  cancel(id: string): void {
    this.#open(id).turn('cancelled')
  }

  /** Undoes an operation, a stuck one too, on the operator's wish; returns at once. @throws as `cancel` */
  rollBack(id: string): void {
    this.#open(id).turn('asked')
  }

  /**
   * Tries the stuck step of an operation again; returns at once. @throws Problem `operation-not-stuck`,
   * `operation-settled`, `operation-unknown`, `shutting-down`
   */
  retry(id: string): void {
    this.#open(id).retry()
  }

  /**
   * How an operation ended. Waits while it runs or is stuck. @throws Problem `operation-unknown`; `shutting-down` if
   * the engine closes first
   */
  settled(id: string): Promise<OperationState> {
    return this.#once(id, it => !isOpen(it))
  }

  /**
   * As `settled`, but one that is stuck is an answer too: it waits for the operator. @throws also the reason of
   * `signal`, which ends waiting
   */
  rested(id: string, signal = never): Promise<OperationState> {
    return this.#once(id, it => !isMoving(it), signal)
  }

  async #once(id: string, reached: (state: OperationState) => boolean, signal = never): Promise<OperationState> {
    for await (const _ of this.watch(AbortSignal.any([signal, this.#closing.signal])))
      if (reached(this.#history.state(id))) break
    const state = this.#history.state(id)
    if (reached(state)) return state
    signal.throwIfAborted()
    throw shuttingDown()
  }

  /** All operations that are known, oldest first. */
  list(): readonly OperationState[] {
    return this.#history.list()
  }

  /** Journals that were refused and left alone: what they are about is not known to be finished. */
  unreadable(): readonly UnreadableJournal[] {
    return this.#unreadable.map(({ id, problem: why }) => ({ id, problem: why }))
  }

  /**
   * Gives a refused journal up: it is put aside, and what it held is free. The world stays as it is. @throws Problem
   * `operation-unknown`, `shutting-down`
   */
  async abandon(id: string): Promise<void> {
    if (this.#looking) throw new Error('the workspace is only looked at')
    this.#refuseWhenClosing()
    if (!this.#unreadable.some(it => it.id === id)) throw unknown()
    await putAside(this.#options.folder, id)
    this.#refuse(this.#unreadable.filter(it => it.id !== id))
    this.#feed.refresh()
  }

  /** The open operations that hold a thing, e.g. `infrastructure`. */
  holders(thing: string): readonly Holder[] {
    return this.#claims.holders(thing)
  }

  /** What open operations hold of a kind, e.g. `port`: the names of the things, and by whom each is held. */
  held(kind: string): ReadonlyMap<string, Holder> {
    return this.#claims.held(kind)
  }

  /**
   * What a success left to be shown to the operator once; it is forgotten by this. Undefined if there is nothing, or it
   * was taken before.
   */
  async takeSecret(id: string): Promise<string | undefined> {
    const state = this.list().find(it => it.id === id && it.phase === 'succeeded')
    const shows = state && this.#kinds.get(state.kind)?.shows
    return state && shows !== undefined ? this.#secrets.take(state, shows) : undefined
  }

  /** Whether anything is being done or undone now, by this engine. What is stuck waits, and does not count. */
  running(): boolean {
    return !this.#looking && this.list().some(isMoving)
  }

  /**
   * A snapshot, then every event, until the signal is aborted or the engine is closed; nothing is lost or doubled
   * between. A reader too slow for its 2 MB of waiting events gets a new snapshot instead of them, which replaces all
   * it knew (see feed.ts).
   */
  watch(signal: AbortSignal): AsyncGenerator<OperationsUpdate, void, undefined> {
    return this.#feed.follow(
      () => ({
        type: 'snapshot',
        operations: this.list(),
        unreadable: this.unreadable(),
      }),
      signal,
    )
  }

  /**
   * The end of an operation's output (about 256,000 characters), oldest first; none for those settled long ago or in an
   * earlier run of the app. @throws Problem `operation-unknown`
   */
  output(id: string): readonly OutputChunk[] {
    return this.#history.output(id)
  }

  /**
   * Ends without settling: what is open stays so in its journal, and the next `open` recovers it. Interrupts steps that
   * may be cancelled; waits for the end of a step that may not (an undo, or past the pivot).
   */
  async close(): Promise<void> {
    this.#closing.abort()
    const ended = this.#history.end() // before any step hears that the engine closes: it is interrupted, not failed
    await Promise.allSettled(this.#starting)
    await Promise.all([ended, this.#history.end()])
    this.#feed.close()
  }

  #add(operation: AnyOperation, steps: readonly string[], journal: Journal, state: OperationState): Walk {
    const walk = new Walk(
      {
        operation,
        steps: stepsOf(operation, state.plan, steps),
        journal,
        now: this.#now,
        lost: this.#options.lost ?? never,
        secret: name => this.#secrets.get(state, name),
        publish: event => {
          if (event.type === 'settled') this.#claims.release(event.id) // before anyone hears of it
          this.#feed.publish(event)
        },
        onSettled: settled => {
          void this.#secrets
            .forget(settled, settled.phase === 'succeeded' ? operation.shows : undefined)
            .catch(() => undefined) // the next opening does it
          this.#history.bound(settled)
          for (const listener of this.#whenSettled) listener(settled)
        },
      },
      state,
    )
    this.#history.add(walk)
    return walk
  }

  readonly #now = (): Date => this.#options.now?.() ?? new Date()

  #kind(kind: string): AnyOperation {
    const operation = this.#kinds.get(kind)
    if (!operation) throw new Error(`there is no operation of kind ${kind}`)
    return operation
  }

  /** An open operation, to be changed: once the engine is closing, its journal may soon be another's. */
  #open(id: string): Walk {
    const walk = this.#history.open(id)
    this.#refuseWhenClosing()
    return walk
  }

  #refuseWhenClosing(): void {
    this.#refuseWhenLost()
    if (this.#closing.signal.aborted) throw shuttingDown()
  }

  #refuseWhenLost(): void {
    if (this.#options.lost?.aborted) throw shuttingDown()
  }
}

/** Nobody aborts it. */
const never = new AbortController().signal

function requireWellFormed(
  { kind, pivot }: AnyOperation,
  steps: readonly string[],
  abreast: Abreast | undefined,
): void {
  if (steps.length === 0 || new Set(steps).size < steps.length)
    throw new Error(`operation ${kind}: at least one step, each name once`)
  if (pivot !== undefined && !steps.includes(pivot))
    throw new Error(`operation ${kind}: its pivot is none of its steps`)
  if (pivot !== undefined && abreast) throw new Error(`operation ${kind}: no step goes abreast of a pivot`)
}

const shuttingDown = () =>
  problem({
    code: 'shutting-down',
    message: 'Instance Manager is closing.',
    hint: 'What was open goes on when it is started again.',
  })
