/**
 * Runs operations, journals them, and recovers those that a crash left unsettled. Knows nothing of instances, Podman or
 * Electron.
 */
import { mkdir } from 'node:fs/promises'
import {
  fold,
  isMoving,
  isOpen,
  type OperationState,
  type OperationsUpdate,
  type UnreadableJournal,
} from '../../shared/operation'
import { problem } from '../../shared/problem'
import { Latest } from '../system/latest'
import { Claims, nameOf, type Unreadable } from './claims'
import { Feed } from './feed'
import { findJournals, tidy } from './found'
import { History, unknown } from './history'
import { Journal, putAside, type Readable } from './journal'
import { Kinds } from './kinds'
import type { AnyOperation } from './operation'
import { openedLine } from './opened-line'
import { stepsOf } from './recoverable'
import { OperationSecrets, type KeyStore } from './secrets'
import type { OutputChunk } from './tail'
import { Walk } from './walk'

export interface OperationsOptions {
  /** The folder of the journals; created (0700) if missing. */
  readonly folder: string
  readonly secrets: KeyStore
  readonly now?: () => Date
  /**
   * Aborted when another process may run these operations. Everything in progress is interrupted as by a crash, even
   * undo and steps past the pivot, and no journal is written any more. `close` must still be called.
   */
  readonly lost?: AbortSignal
}

/** Milliseconds between two looks for secrets that are no longer needed. */
const secretsEvery = 3_600_000

export class Operations {
  readonly #kinds = new Kinds()
  readonly #whenSettled: ((state: OperationState) => void)[] = []
  readonly #feed = new Feed()
  readonly #history: History
  readonly #secrets: OperationSecrets
  /** Set whenever a secret may have been kept, taken or forgotten. */
  readonly #secretsChanged = new Latest<undefined>(undefined)
  readonly #closing = new AbortController()
  readonly #claims = new Claims()
  #unreadable: readonly Unreadable[] = []
  /** Operations being planned and opened. */
  readonly #starting = new Set<Promise<unknown>>()
  #readOnly = false
  readonly #options: OperationsOptions

  constructor(options: OperationsOptions) {
    this.#options = options
    this.#history = new History(options.folder)
    this.#secrets = new OperationSecrets(options.secrets)
  }

  /** Adds kinds of operations that it can run. Call it before `open` or `look`. @param load called if they are needed */
  define(load: () => Promise<readonly AnyOperation[]>): void {
    this.#kinds.add(load)
  }

  /** @param listener called when an operation has settled, once its journal says so; it must not throw */
  whenSettled(listener: (state: OperationState) => void): void {
    this.#whenSettled.push(listener)
  }

  /**
   * Reads the journals and recovers every unsettled operation: it is resumed or rolled back as its kind demands, undone
   * further if it had turned, and continued if it is past its pivot. Call it once, with the workspace locked. Journals
   * that can't be used are shown and left untouched.
   * @returns the operations being recovered
   */
  async open(): Promise<readonly OperationState[]> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 })
    await this.#kinds.load()
    const found = await findJournals(this.#options.folder, this.#kinds)
    await tidy(this.#options.folder, found)
    this.#remember(
      found.usable.filter(it => !isOpen(it.state)),
      found.unreadable,
    )
    const recovering = found.usable
      .filter(it => isOpen(it.state))
      .map(it => this.#add(this.#kinds.of(it.opened.kind), it.opened.steps, it.journal, it.state))
    const states = recovering.map(it => it.state)
    for (const it of states) this.#claims.take(it)
    await this.#tidySecrets()
    const timer = setInterval(() => void this.#tidySecrets(), secretsEvery).unref()
    this.#closing.signal.addEventListener('abort', () => clearInterval(timer))
    for (const walk of recovering) walk.recover()
    return states
  }

  /**
   * Read-only alternative to `open`, without the lock: reads the journals, which another process may be writing.
   * Nothing can be started afterwards.
   */
  async look(): Promise<void> {
    this.#readOnly = true
    const { usable, unreadable } = await findJournals(this.#options.folder, this.#kinds)
    this.#remember(usable, unreadable)
    for (const { state } of usable) if (isOpen(state)) this.#claims.take(state)
  }

  /**
   * Forgets secrets that nobody needs any more, or has looked at for a day. Not while a journal is refused: the version
   * that can finish it needs them. What can't be forgotten now is forgotten the next time.
   */
  async #tidySecrets(): Promise<void> {
    // an operation that is starting has secrets before it is listed
    const operations = () =>
      this.#starting.size > 0 || this.#unreadable.length > 0 || this.#options.lost?.aborted ? undefined : this.list()
    await this.#secrets.tidy(operations, this.#kinds.shows, this.#now().getTime()).catch(() => undefined)
    this.#secretsChanged.set(undefined)
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
   * Plans, opens and begins an operation.
   * @returns its id, once its opening is on disk
   * @throws what `plan` throws, or Problem `operation-open`, `journal-write-failed`, `shutting-down`; nothing is left
   * behind then
   */
  async start(kind: string, input: unknown): Promise<string> {
    if (this.#readOnly) throw new Error('the workspace is read-only')
    const started = this.#start(this.#kinds.of(kind), input)
    this.#starting.add(started)
    return started.finally(() => this.#starting.delete(started))
  }

  async #start(operation: AnyOperation, input: unknown): Promise<string> {
    this.#refuseWhenClosing()
    const about = operation.about(input)
    const { opened, state } = await this.#claims.acquire(about, async () => {
      const plan = await operation.plan(input)
      this.#refuseWhenClosing()
      const line = openedLine(operation, nameOf(about), plan, this.#now())
      return { opened: line, state: fold(undefined, line) }
    })
    try {
      const secrets = (await operation.secrets?.(input, opened.plan)) ?? {}
      this.#refuseWhenLost() // secrets may take a while to make
      await this.#secrets.keep(opened.id, secrets)
      const journal = await Journal.create(this.#options.folder, opened)
      this.#feed.publish(opened)
      const walk = this.#add(operation, opened.steps, journal, state)
      if (!this.#closing.signal.aborted) walk.begin() // otherwise it begins at the next opening
      return opened.id
    } catch (error) {
      this.#claims.release(opened.id)
      await this.#secrets.forget(state).catch(() => undefined) // done at the next opening
      throw error
    }
  }

  /**
   * Stops an operation and undoes it; returns at once. @throws Problem `operation-past-pivot`, `operation-settled`,
   * `operation-unknown`, `shutting-down`
   */
  cancel(id: string): void {
    this.#open(id).turn('cancelled')
  }

  /** Undoes an operation, stuck or not, at the operator's request; returns at once. @throws as `cancel` */
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
   * Waits until an operation has settled, also while it is stuck. @throws Problem `operation-unknown`; `shutting-down`
   * if the engine closes first
   */
  settled(id: string): Promise<OperationState> {
    return this.#once(id, it => !isOpen(it))
  }

  /**
   * As `settled`, but returns a stuck operation too: it waits for the operator. @throws also the reason of `signal`,
   * which ends the wait
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

  /** All known operations, oldest first. */
  list(): readonly OperationState[] {
    return this.#history.list()
  }

  /** Journals that were refused and left untouched: their operations may be unfinished. */
  unreadable(): readonly UnreadableJournal[] {
    return this.#unreadable.map(({ id, problem: why }) => ({ id, problem: why }))
  }

  /**
   * Abandons a refused journal: sets it aside and frees what it held. Everything else stays as it is. A journal that is
   * gone, because it was abandoned twice at once or removed by hand, is abandoned too. @throws Problem
   * `operation-unknown`, `shutting-down`
   */
  async abandon(id: string): Promise<void> {
    if (this.#readOnly) throw new Error('the workspace is read-only')
    this.#refuseWhenClosing()
    if (!this.#unreadable.some(it => it.id === id)) throw unknown()
    await putAside(this.#options.folder, id).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    this.#refuse(this.#unreadable.filter(it => it.id !== id))
    this.#feed.refresh()
  }

  /** The open operations that hold a thing, e.g. `infrastructure`. */
  holders(thing: string): readonly OperationState[] {
    return this.#claims.holders(thing)
  }

  /** What open operations hold of a kind, e.g. `port`: the name of each thing, and its holder. */
  held(kind: string): ReadonlyMap<string, OperationState> {
    return this.#claims.held(kind)
  }

  /**
   * The secret that a success leaves to be shown to the operator once. Forgets it. Undefined if there is none, or it
   * was already taken.
   */
  async takeSecret(id: string): Promise<string | undefined> {
    await this.#kinds.load()
    const state = this.list().find(it => it.id === id && it.phase === 'succeeded')
    const shows = state && this.#kinds.shows(state.kind)
    if (!state || shows === undefined) return undefined
    const secret = await this.#secrets.take(state, shows)
    this.#secretsChanged.set(undefined)
    return secret
  }

  /** The successes that left a secret which nobody has been shown yet, by id; again whenever that changes. */
  async *watchUnseen(signal: AbortSignal): AsyncGenerator<readonly string[], void, undefined> {
    await this.#kinds.load()
    for await (const _ of this.#secretsChanged.follow(AbortSignal.any([signal, this.#closing.signal])))
      yield await this.#secrets.untaken(
        this.list().filter(it => it.phase === 'succeeded' && this.#kinds.shows(it.kind) !== undefined),
        this.#kinds.shows,
      )
  }

  /** Whether this engine is doing or undoing anything. Stuck operations only wait, so they don't count. */
  running(): boolean {
    return !this.#readOnly && this.list().some(isMoving)
  }

  /**
   * A snapshot, then every event, without gaps or duplicates, until the signal is aborted or the engine is closed. A
   * reader with more than 2 MB of events waiting gets a new snapshot instead, which replaces everything it knew (see
   * feed.ts).
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
   * The last 256,000 characters or so of an operation's output, oldest first; none if it settled long ago or in an
   * earlier run of the app. @throws Problem `operation-unknown`
   */
  output(id: string): readonly OutputChunk[] {
    return this.#history.output(id)
  }

  /**
   * Ends without settling: open operations stay open in their journals, and the next `open` recovers them. Interrupts
   * steps that may be cancelled, and waits for those that may not (an undo, or past the pivot).
   */
  async close(): Promise<void> {
    this.#closing.abort()
    const ended = this.#history.end() // first, so that steps are interrupted by the closing engine rather than fail
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
          if (event.type === 'settled') this.#claims.release(event.id) // before anyone sees the event
          this.#feed.publish(event)
        },
        onSettled: settled => {
          void this.#secrets
            .forget(settled, settled.phase === 'succeeded' ? operation.shows : undefined)
            .catch(() => undefined) // done at the next opening
            .then(() => this.#secretsChanged.set(undefined))
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

  /** An open operation that is to be changed; refused once closing, as another process may soon own its journal. */
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

/** Never aborted. */
const never = new AbortController().signal

const shuttingDown = () =>
  problem({
    code: 'shutting-down',
    message: 'Instance Manager is closing.',
    hint: 'Open operations continue at the next start.',
  })
