/** A world of steps with partial effects, real journals, and a script of what happens at which point. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { vi } from 'vitest'
import { owns } from '../../../src/shared/things'
import type { Operations } from '../../../src/main/operations/engine'
import { Journal } from '../../../src/main/operations/journal'
import type { Context, Operation, Step } from '../../../src/main/operations/operation'
import { fold, isOpen, type JournalLine, type OperationState } from '../../../src/shared/operation'
import { journalLineSchema } from '../../../src/shared/operation-schema'
import { ProblemError } from '../../../src/shared/problem'
import { memorySecrets } from '../../support/memory-secrets'
import { engineOf } from '../../support/engine'

/**
 * What happens at a point. Points are: before each partial effect of a do or undo and after the last, each verify, each
 * journal append. `late` means after an append instead of before it; at other points it makes no difference. `fail`
 * makes a step throw, or the disk full.
 */
export const actions = [
  'crash',
  'crash-late',
  'torn',
  'zeros',
  'fail',
  'cancel',
  'cancel-late',
  'ask',
  'close',
] as const
export type Action = (typeof actions)[number]

export interface Scenario {
  /** Of each step: how many partial effects it has. */
  readonly parts: readonly number[]
  readonly pivot: number | undefined
  /** How many steps go abreast, all but the first one; none with a pivot. */
  readonly atOnce?: number
  readonly recovery: 'resume' | 'roll-back'
  /** Steps that do not heed a cancel. */
  readonly deaf: boolean
  /** A stuck operation is rolled back where that is allowed, instead of retried. */
  readonly gives: boolean
  /** The action at each point, by its number. */
  readonly script: ReadonlyMap<number, Action>
}

/** Thousands of journals: in memory where Linux has it, as the disk's fsync is not what is tested here. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

type Plan = { readonly name: string }

const forever = new Promise<never>(() => undefined)

/** One scenario: a world that survives crashes, and the lives of the engine in it. */
class Simulation {
  readonly folder = mkdtempSync(join(memory, 'engine-'))
  readonly world: number[]
  points = 0
  crashes = 0
  closings = 0
  /** Failures of steps while forward and before the pivot. */
  failures = 0
  unstuck = 0
  pivotBegan = false
  cancelAccepted = false
  /** Rules that were seen broken; told at the end, as an exception inside a step would only be one more failure. */
  readonly broken: string[] = []
  operations!: Operations
  /** What an earlier life still had in flight does nothing any more. */
  life = 0
  /** Steps that are being done now. */
  doing = 0
  #die: () => void = () => undefined
  /** Writes that have begun. A process that is killed writes nothing later, so the next life waits for them. */
  readonly #writes = new Set<Promise<unknown>>()

  constructor(readonly scenario: Scenario) {
    this.world = scenario.parts.map(() => 0)
  }

  /** Lives until it settles or there is nothing to settle. */
  async run(): Promise<OperationState | undefined> {
    for (let lives = 0; lives <= this.scenario.script.size; lives++) {
      const death = new Promise<'died'>(resolve => {
        this.#die = () => resolve('died')
      })
      const watching = new AbortController()
      const end = await Promise.race([death, this.#live(lives === 0, watching.signal)])
      watching.abort()
      if (end !== 'died') return end
      await Promise.allSettled(this.#writes)
    }
    throw new Error('more lives than ends')
  }

  async #live(first: boolean, signal: AbortSignal): Promise<OperationState | undefined> {
    const operations = engineOf({
      folder: this.folder,
      secrets: memorySecrets(),
      operations: [this.#operation(this.life)],
    })
    this.operations = operations
    await operations.open()
    let started: Promise<unknown> = Promise.resolve()
    if (first) started = operations.start('test', {}).catch((error: unknown) => error)
    if ((await started) instanceof ProblemError) return undefined
    if (operations.list().length === 0) return undefined
    let seen: OperationState | undefined
    for await (const update of operations.watch(signal)) {
      seen = update.type === 'snapshot' ? update.operations[0] : fold(seen, update.event)
      const now = operations.list()[0]
      if (now?.phase === 'stuck' && seen?.phase === 'stuck') this.#unstick(now.id)
      if (seen && !isOpen(seen)) break
    }
    if (signal.aborted) return forever // this life is over
    this.#expect(JSON.stringify(seen) === JSON.stringify(operations.list()[0]), 'what was watched is not what is')
    return seen
  }

  #unstick(id: string): void {
    if (this.unstuck++ > this.scenario.script.size) throw new Error('stuck for ever, with nothing left in the script')
    if (this.scenario.gives) {
      try {
        return this.operations.rollBack(id)
      } catch {
        /* past the pivot: forward only */
      }
    }
    try {
      this.operations.retry(id)
    } catch (error) {
      this.#expect(
        error instanceof ProblemError && error.problem.code === 'shutting-down' && this.closings > 0,
        `refused a retry: ${String(error)}`,
      ) // the next life unsticks it
    }
  }

  #operation(life: number): Operation<object, Plan> {
    const { parts, pivot, recovery, atOnce } = this.scenario
    return {
      kind: 'test',
      version: 1,
      recovery,
      pivot: pivot === undefined ? undefined : `step-${pivot}`,
      ...(atOnce !== undefined && { abreast: () => ({ from: 1, most: atOnce }) }),
      about: () => 'it',
      claims: () => [owns('it')],
      plan: async () => ({ name: 'it' }),
      steps: () =>
        parts.map((count, index): Step<Plan> => ({
          name: `step-${index}`,
          do: async context => {
            this.#expect(
              this.#lines().some(it => it.type === 'doing' && it.step === `step-${index}`),
              'doing was not on disk before the effect',
            )
            const open = parts.filter((whole, other) => other < index && this.world[other] !== whole).length
            this.#expect(
              open < (atOnce ?? 1) && (open === 0 || this.world[0] === parts[0]),
              'a step began before the one before it was whole',
            )
            if (life !== this.life) return forever
            if (index === pivot) this.pivotBegan = true
            this.doing++
            try {
              for (let part = this.world[index] ?? 0; part <= count; part++) {
                await this.#point(context, life, index)
                this.world[index] = Math.min(part + 1, count)
              }
            } finally {
              this.doing--
            }
          },
          verify: async context => {
            await this.#point(context, life, index)
            return this.world[index] === count
          },
          undo: async context => {
            this.#expect(!this.pivotBegan, 'undone past the pivot')
            this.#expect(!context.signal.aborted, 'undo was given an aborted signal')
            this.#expect(this.doing === 0, 'undone while a step was being done')
            this.#expect(
              this.world.every((done, other) => other <= index || done === 0),
              'an older step was undone first',
            )
            for (let part = this.world[index] ?? 0; part >= 0; part--) {
              await this.#point(context, life, undefined)
              this.world[index] = Math.max(part - 1, 0)
            }
          },
        })),
    }
  }

  /** A point in a step that goes forward, or undoes (`forward` is undefined). */
  async #point(context: Context<unknown>, life: number, forward: number | undefined): Promise<void> {
    if (life !== this.life) return forever
    const action = this.scenario.script.get(this.points++)
    if (action === 'fail') {
      if (forward !== undefined && !this.pivotBegan) this.failures++
      throw new Error('the step failed')
    }
    if (action?.startsWith('crash') || action === 'torn' || action === 'zeros') return this.#crash()
    this.#ask(action)
    // long enough for the engine to go on without it
    await (this.scenario.atOnce === undefined ? Promise.resolve() : setImmediate())
    if (life !== this.life) return forever
    if (!this.scenario.deaf) context.signal.throwIfAborted()
  }

  /** An append, or the creation with the opening line. */
  async append<T>(path: string, line: JournalLine, life: number, append: () => Promise<T>): Promise<T> {
    if (life !== this.life) return forever
    const write = async (): Promise<T> => {
      const writing = append()
      this.#writes.add(writing)
      await writing.catch(() => undefined)
      this.#writes.delete(writing)
      return life === this.life ? writing : forever
    }
    const action = this.scenario.script.get(this.points++)
    const text = JSON.stringify(line)
    const written = action !== 'crash' && action !== 'torn' && action !== 'zeros' && action !== 'fail'
    if (written && line.type === 'doing' && line.step === `step-${this.scenario.pivot}`) this.pivotBegan = true
    switch (action) {
      case 'crash':
        return this.#crash()
      case 'torn':
        tear(path, text.slice(0, 1 + ((this.points * 7) % text.length))) // all but the newline at the most
        return this.#crash()
      case 'zeros':
        if (line.type !== 'opened') tear(path, `${'\0'.repeat(text.length)}\n`)
        return this.#crash()
      case 'fail':
        if (line.type !== 'opened') tear(path, text.slice(0, text.length / 2))
        throw new ProblemError({ code: 'journal-write-failed', message: 'The disk is full.' })
      case 'crash-late':
        await write()
        return this.#crash()
      case 'cancel':
      case 'cancel-late':
      case 'ask':
      case 'close':
      case undefined: {
        if (action !== 'cancel-late') this.#ask(action)
        const result = await write()
        if (action === 'cancel-late') this.#ask('cancel')
        return result
      }
    }
  }

  #ask(action: Action | undefined): void {
    const [state] = this.operations.list()
    if (!state) return
    if (action === 'close') {
      this.closings++
      void this.operations.close().then(() => {
        if (this.operations.list().some(isOpen)) this.#die()
      })
    } else if (action === 'cancel' || action === 'cancel-late' || action === 'ask') {
      try {
        if (action === 'ask') this.operations.rollBack(state.id)
        else this.operations.cancel(state.id)
        this.cancelAccepted = true
      } catch (error) {
        const code = error instanceof ProblemError ? error.problem.code : String(error)
        this.#expect(
          code === 'operation-settled' ||
            (code === 'operation-past-pivot' && this.pivotBegan) ||
            (code === 'shutting-down' && this.closings > 0),
          `refused a cancel: ${code}`,
        )
      }
    }
  }

  #crash(): Promise<never> {
    this.crashes++
    this.life++
    this.doing = 0
    this.cancelAccepted = false // what was not on disk yet is forgotten
    this.#die()
    return forever
  }

  #lines(): JournalLine[] {
    return readdirSync(this.folder).flatMap(it =>
      readFileSync(join(this.folder, it), 'utf8')
        .trim()
        .split('\n')
        .map(line => journalLineSchema.parse(JSON.parse(line.split('\t')[0] ?? ''))),
    )
  }

  #expect(holds: boolean, rule: string): void {
    if (!holds) this.broken.push(rule)
  }

  /** What must hold at the end. @returns the rules that were broken */
  async check(end: OperationState | undefined): Promise<readonly string[]> {
    const { parts, recovery, script, gives } = this.scenario
    this.#expect(
      isDeepStrictEqual(this.world, end?.phase === 'succeeded' ? parts : parts.map(() => 0)),
      `ends between: ${this.world.join()}`,
    )
    if (!end) {
      this.#expect(readdirSync(this.folder).length === 0, 'a journal is left of what never began')
      return this.broken
    }
    this.#expect(
      end.phase === (this.#lines().some(it => it.type === 'turned') ? 'rolled-back' : 'succeeded'),
      `ends ${end.phase}, against its journal`,
    )
    this.#expect(!this.pivotBegan || end.phase === 'succeeded', 'went back past the pivot')
    this.#expect(!this.cancelAccepted || end.phase === 'rolled-back', 'a cancel was accepted and then lost')
    const asked = gives || [...script.values()].some(it => it.startsWith('cancel') || it === 'ask')
    const mayTurn = asked || this.failures > 0 || (recovery === 'roll-back' && this.crashes + this.closings > 0)
    this.#expect(mayTurn || end.phase === 'succeeded', 'went back for no reason')
    this.#expect(
      !this.operations.list().some(isOpen) && this.operations.holders('it').length === 0 && !this.operations.running(),
      'is open when it has ended',
    )

    const again = engineOf({
      folder: this.folder,
      secrets: memorySecrets(),
      operations: [this.#operation(this.life)],
    })
    this.#expect((await again.open()).length === 0, 'is recovered when it has ended')
    this.#expect(isDeepStrictEqual(plain(again.list()), plain([end])), 'is read otherwise than it was shown')
    return this.broken
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Without keys that are there but undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown

/** Leaves of an append only this: like the real one, it begins where the last good line ends. */
function tear(path: string, written: string): void {
  const old = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const good = /^(?:[^\n]*\t[0-9a-f]{16}\n)*/.exec(old)?.[0] ?? ''
  writeFileSync(path, (old && good) + written)
}

let simulation: Simulation | undefined

/** Puts the script between the engine and its journals, until `vi.restoreAllMocks`. */
export function interceptJournals(): void {
  const { append } = Journal.prototype
  const { create, read } = Journal
  const lives = new WeakMap<Journal, number>()
  const the = (): Simulation => {
    if (!simulation) throw new Error('a journal outside of a simulation')
    return simulation
  }
  vi.spyOn(Journal.prototype, 'append').mockImplementation(function intercepted(this: Journal, line) {
    return the().append(this.path, line, lives.get(this) ?? 0, () => append.call(this, line))
  })
  vi.spyOn(Journal, 'create').mockImplementation((folder, opened) =>
    the().append(join(folder, `${opened.id}.jsonl`), opened, 0, () => create.call(Journal, folder, opened)),
  )
  vi.spyOn(Journal, 'read').mockImplementation(async (folder, id) => {
    const reading = await read.call(Journal, folder, id)
    if (reading && !reading.problem) lives.set(reading.journal, the().life)
    return reading
  })
}

/** @returns how many points it had, and the rules that were broken */
export async function simulate(
  scenario: Scenario,
): Promise<{ readonly points: number; readonly broken: readonly string[] }> {
  const it = new Simulation(scenario)
  simulation = it
  try {
    const broken = await it.check(await it.run())
    return { points: it.points, broken }
  } finally {
    it.remove()
  }
}
