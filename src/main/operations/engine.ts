/** Runs operations, journals them, and recovers what a crash left unsettled. Knows no instance, no Podman, no Electron. */
import { mkdir } from 'node:fs/promises'
import { fold, isMoving, isOpen, journalLineSchema, type Json, type OperationState, type OperationsUpdate, type UnreadableJournal } from '../../shared/operation'
import { problem } from '../../shared/problem'
import { Feed } from './feed'
import { findJournals, tidy, type Unreadable } from './found'
import { Journal, newId, type OpenedLine, type Readable } from './journal'
import type { AnyOperation } from './operation'
import type { OutputChunk } from './tail'
import { hasEnded, Walk } from './walk'

export interface OperationsOptions {
  /** Where the journals lie; made (0700) if missing. */
  readonly folder: string
  readonly operations: readonly AnyOperation[]
  readonly now?: () => Date
  /** Called when an operation settles, after its journal says so. Must not throw. */
  readonly onSettled?: (state: OperationState) => void
  /**
   * Aborted when another process may run these operations: what runs is interrupted as by a crash, undo and what is past its pivot too,
   * and no journal is written any more. `close` is still to be called.
   */
  readonly lost?: AbortSignal
}

/** What an open operation has chosen; its ports and names are taken. */
export interface OpenPlan { readonly id: string; readonly kind: string; readonly subject: string; readonly alsoAbout: string | undefined; readonly plan: Json }

/** How many settled operations are remembered; the journals of older ones are deleted when the engine is opened. */
export const settledKept = 500
/** How many settled operations keep their output in memory. */
const outputsKept = 20

export class Operations {
  readonly #kinds: ReadonlyMap<string, AnyOperation>
  readonly #feed = new Feed()
  /** Open ones, and the lately settled for their output. */
  readonly #walks = new Map<string, Walk>()
  readonly #history = new Map<string, OperationState>()
  readonly #closing = new AbortController()
  readonly #unreadable: Unreadable[] = []
  /** The planning that goes on, if any; the next waits for it. */
  #planning: Promise<unknown> = Promise.resolve()
  #looking = false

  constructor(private readonly options: OperationsOptions) {
    this.#kinds = new Map(options.operations.map(it => [it.kind, wellFormed(it)]))
  }

  /**
   * Reads the journals and recovers every unsettled operation: resumed or rolled back as its kind says, undone further if it had
   * turned, forward if past its pivot. Call it once, with the workspace locked. Journals that cannot be used are shown and left alone.
   * @returns the operations that are being recovered
   */
  async open(): Promise<readonly OperationState[]> {
    await mkdir(this.options.folder, { recursive: true, mode: 0o700 })
    const found = await findJournals(this.options.folder, this.#kinds)
    this.#remember(await tidy(this.options.folder, found, settledKept), found.unreadable)
    const recovering = found.usable.filter(it => isOpen(it.state)).map(it => this.#add(this.#kind(it.opened.kind), it.journal, it.state))
    const states = recovering.map(it => it.state)
    for (const walk of recovering) walk.recover()
    return states
  }

  /** Instead of `open`, for who only looks and has no lock: reads the journals, which another process may be writing. Nothing can be started then. */
  async look(): Promise<void> {
    this.#looking = true
    const { usable, unreadable } = await findJournals(this.options.folder, this.#kinds)
    this.#remember(usable, unreadable)
  }

  #remember(history: readonly Readable[], unreadable: readonly Unreadable[]): void {
    for (const { id, state } of history) this.#history.set(id, state)
    this.#unreadable.push(...unreadable)
  }

  /**
   * Plans and opens an operation, and begins it. Planning and opening happen one at a time.
   * @returns its id, once its opening is on disk
   * @throws what `plan` throws, or Problem `operation-open`, `journal-write-failed`, `shutting-down`; then nothing is left
   */
  async start(kind: string, input: unknown): Promise<string> {
    if (this.#looking) throw new Error('the workspace is only looked at')
    const operation = this.#kind(kind)
    const started = this.#planning.then(async () => {
      const subject = operation.subject(input)
      this.#refuseSecond(subject)
      const plan = await operation.plan(input)
      this.#refuseSecond(operation.alsoAbout?.(plan) ?? subject)
      const now = this.#now()
      const opened = asRead({
        type: 'opened', id: newId(now), at: now.toISOString(), kind, version: operation.version, subject, plan, steps: operation.steps.map(it => it.name),
      })
      const walk = this.#add(operation, await Journal.create(this.options.folder, opened), fold(undefined, opened))
      this.#feed.publish(opened)
      walk.begin()
      return opened.id
    })
    this.#planning = started.catch(() => undefined)
    return started
  }

  /** Stops an operation and undoes it; returns at once. @throws Problem `operation-past-pivot`, `operation-settled`, `operation-unknown` */
  cancel(id: string): void { this.#openWalk(id).turn('cancelled') }

  /** Undoes an operation, a stuck one too, on the operator's wish; returns at once. @throws as `cancel` */
  rollBack(id: string): void { this.#openWalk(id).turn('asked') }

  /** Tries the stuck step of an operation again; returns at once. @throws Problem `operation-not-stuck`, `operation-settled`, `operation-unknown` */
  retry(id: string): void { this.#openWalk(id).retry() }

  /** How an operation ended. Waits while it runs or is stuck. @throws Problem `operation-unknown`; `shutting-down` if the engine closes first */
  settled(id: string): Promise<OperationState> { return this.#once(id, it => !isOpen(it)) }

  /** As `settled`, but one that is stuck is an answer too: it waits for the operator. */
  rested(id: string): Promise<OperationState> { return this.#once(id, it => !isMoving(it)) }

  async #once(id: string, reached: (state: OperationState) => boolean): Promise<OperationState> {
    for await (const _ of this.watch(this.#closing.signal)) if (reached(this.#state(id))) break
    const state = this.#state(id)
    if (!reached(state)) throw shuttingDown()
    return state
  }

  /** All operations, oldest first. */
  list(): readonly OperationState[] {
    return [...this.#history.values(), ...[...this.#walks.values()].map(it => it.state)].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** Journals that were refused and left alone: what they are about is not known to be finished. */
  unreadable(): readonly UnreadableJournal[] { return this.#unreadable.map(({ id, problem: why }) => ({ id, problem: why })) }

  /** What open operations have chosen: planning the next one keeps off it. */
  openPlans(): readonly OpenPlan[] {
    return this.list().filter(isOpen).map(({ id, kind, subject, plan }) => ({ id, kind, subject, alsoAbout: this.#kinds.get(kind)?.alsoAbout?.(plan), plan }))
  }

  /** Whether anything is being done or undone now, by this engine. What is stuck waits, and does not count. */
  running(): boolean { return !this.#looking && this.list().some(isMoving) }

  /**
   * A snapshot, then every event, until the signal is aborted or the engine is closed; nothing is lost or doubled between. A reader too slow for its 2 MB of
   * waiting events gets a new snapshot instead of them, which replaces all it knew (see feed.ts).
   */
  watch(signal: AbortSignal): AsyncGenerator<OperationsUpdate, void, undefined> {
    return this.#feed.follow(() => ({
      type: 'snapshot', operations: this.list(), unreadable: this.unreadable(),
    }), signal)
  }

  /** The end of an operation's output (about 256,000 characters), oldest first; none for those settled long ago or in an earlier run of the app. @throws Problem `operation-unknown` */
  output(id: string): readonly OutputChunk[] {
    this.#state(id)
    return this.#walks.get(id)?.output.chunks() ?? []
  }

  /**
   * Ends without settling: what is open stays so in its journal, and the next `open` recovers it. Interrupts steps that may be cancelled;
   * waits for the end of a step that may not (an undo, or past the pivot).
   */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#planning
    await Promise.all([...this.#walks.values()].map(it => it.end()))
    this.#feed.close()
  }

  #add(operation: AnyOperation, journal: Journal, state: OperationState): Walk {
    const walk = new Walk({
      operation, journal, now: this.#now, lost: this.options.lost ?? never, publish: event => this.#feed.publish(event),
      onSettled: settled => {
        this.#forgetOldOutput()
        this.options.onSettled?.(settled)
      },
    }, state)
    this.#walks.set(state.id, walk)
    return walk
  }

  #forgetOldOutput(): void {
    const settled = [...this.#walks.values()].map(it => it.state).filter(it => !isOpen(it))
    for (const state of settled.slice(0, -outputsKept)) {
      this.#history.set(state.id, state)
      this.#walks.delete(state.id)
    }
  }

  readonly #now = (): Date => this.options.now?.() ?? new Date()

  #kind(kind: string): AnyOperation {
    const operation = this.#kinds.get(kind)
    if (!operation) throw new Error(`there is no operation of kind ${kind}`)
    return operation
  }

  #state(id: string): OperationState {
    const state = this.#walks.get(id)?.state ?? this.#history.get(id)
    if (!state) throw problem({ code: 'operation-unknown', message: 'There is no such operation.', hint: 'Activity lists those that are known.', action: 'open-activity' })
    return state
  }

  #openWalk(id: string): Walk {
    const state = this.#state(id)
    const walk = this.#walks.get(id)
    if (!walk || !isOpen(state)) throw hasEnded()
    return walk
  }

  #refuseWhenClosing(): void { if (this.#closing.signal.aborted || this.options.lost?.aborted) throw shuttingDown() }

  #refuseSecond(subject: string): void {
    this.#refuseWhenClosing()
    const open = this.openPlans().find(it => it.subject === subject || it.alsoAbout === subject)
    if (open) throw problem({
      code: 'operation-open', message: `Another operation on ${subject} is not finished: ${open.kind}.`, action: 'open-activity',
      cause: `Operation ${open.id} has to end first; two at once would work against each other.`, hint: 'Wait for it, retry it or cancel it in Activity.',
    })
    const unreadable = this.#unreadable.find(it => it.subject === subject)
    if (unreadable) throw problem({
      code: 'operation-open', message: `An earlier operation on ${subject} may be unfinished.`, action: 'open-activity',
      cause: `The journal of operation ${unreadable.id} cannot be used: ${unreadable.problem.message}`, hint: unreadable.problem.hint,
    })
  }
}

/** Nobody aborts it. */
const never = new AbortController().signal

/** The line as a later start will read it, so that a step sees the same plan now and after a crash. */
const asRead = (opened: OpenedLine): OpenedLine => journalLineSchema.parse(JSON.parse(JSON.stringify(opened))) as OpenedLine

function wellFormed(operation: AnyOperation): AnyOperation {
  const names = operation.steps.map(it => it.name)
  if (names.length === 0 || new Set(names).size < names.length) throw new Error(`operation ${operation.kind}: at least one step, each name once`)
  if (operation.pivot !== undefined && !names.includes(operation.pivot)) throw new Error(`operation ${operation.kind}: its pivot is none of its steps`)
  return operation
}

const shuttingDown = () => problem({ code: 'shutting-down', message: 'Instance Manager is closing.', hint: 'What was open goes on when it is started again.' })
