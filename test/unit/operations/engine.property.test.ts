/**
 * The engine against a simulated world and real journals: whatever is done to it at whatever point (crash, torn write, full disk,
 * failure, cancel, closing, again during the recovery), the world ends *before* or *after*, never between.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Operations } from '../../../src/main/operations/engine'
import { Journal } from '../../../src/main/operations/journal'
import type { Context, Operation } from '../../../src/main/operations/operation'
import { fold, isOpen, journalLineSchema, type JournalLine, type OperationState } from '../../../src/shared/operation'
import { ProblemError } from '../../../src/shared/problem'

/**
 * What happens at a point. Points are: before each partial effect of a do or undo and after the last, each verify, each journal append.
 * `late` means after an append instead of before it; at other points it makes no difference. `fail` makes a step throw, or the disk full.
 */
const actions = ['crash', 'crash-late', 'torn', 'zeros', 'fail', 'cancel', 'cancel-late', 'ask', 'close'] as const
type Action = (typeof actions)[number]

interface Scenario {
  /** Of each step: how many partial effects it has. */
  readonly parts: readonly number[]
  readonly pivot: number | undefined
  readonly recovery: 'resume' | 'roll-back'
  /** Steps that do not heed a cancel. */
  readonly deaf: boolean
  /** A stuck operation is rolled back where that is allowed, instead of retried. */
  readonly gives: boolean
  /** The action at each point, by its number. */
  readonly script: ReadonlyMap<number, Action>
}

const forever = new Promise<never>(() => undefined)

/** One scenario: a world that survives crashes, and the lives of the engine in it. */
class Simulation {
  readonly folder = mkdtempSync(join(tmpdir(), 'engine-'))
  readonly world: number[]
  points = 0
  crashes = 0
  closings = 0
  /** Failures of steps while forward and before the pivot. */
  failures = 0
  pivotBegan = false
  cancelAccepted = false
  /** Rules that were seen broken, told at the end: an exception inside a step would only be one more failure. */
  readonly broken: string[] = []
  operations!: Operations
  #die: () => void = () => undefined

  constructor(readonly scenario: Scenario) { this.world = scenario.parts.map(() => 0) }

  /** Lives until it settles or there is nothing to settle. */
  async run(): Promise<OperationState | undefined> {
    for (let lives = 0; lives <= this.scenario.script.size; lives++) {
      const death = new Promise<'died'>(resolve => { this.#die = () => resolve('died') })
      const watching = new AbortController()
      const end = await Promise.race([death, this.#live(lives === 0, watching.signal)])
      watching.abort()
      if (end !== 'died') return end
    }
    throw new Error('more lives than ends')
  }

  async #live(first: boolean, signal: AbortSignal): Promise<OperationState | undefined> {
    const operations = new Operations({ folder: this.folder, operations: [this.#operation()] })
    this.operations = operations
    await operations.open()
    let started: Promise<unknown> = Promise.resolve()
    if (first) started = operations.start('test', {}).catch((error: unknown) => error)
    if (await started instanceof ProblemError) return undefined
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
    if (this.scenario.gives) {
      try { return this.operations.rollBack(id) } catch { /* past the pivot: forward only */ }
    }
    this.operations.retry(id)
  }

  #operation(): Operation<object, { readonly name: string }> {
    const { parts, pivot, recovery } = this.scenario
    return {
      kind: 'test', version: 1, recovery, pivot: pivot === undefined ? undefined : `step-${pivot}`,
      subject: () => 'it', plan: async () => ({ name: 'it' }),
      steps: parts.map((count, index) => ({
        name: `step-${index}`,
        do: async context => {
          this.#expect(this.#lines().some(it => it.type === 'doing' && it.step === `step-${index}`), 'doing was not on disk before the effect')
          this.#expect(parts.every((whole, other) => other >= index || this.world[other] === whole), 'a step began before the one before it was whole')
          if (index === pivot) this.pivotBegan = true
          for (let part = this.world[index] ?? 0; part <= count; part++) {
            await this.#point(context, index)
            this.world[index] = Math.min(part + 1, count)
          }
        },
        verify: async context => {
          await this.#point(context, index)
          return this.world[index] === count
        },
        undo: async context => {
          this.#expect(!this.pivotBegan, 'undone past the pivot')
          this.#expect(!context.signal.aborted, 'undo was given an aborted signal')
          this.#expect(this.world.every((done, other) => other <= index || done === 0), 'an older step was undone first')
          for (let part = this.world[index] ?? 0; part >= 0; part--) {
            await this.#point(context, undefined)
            this.world[index] = Math.max(part - 1, 0)
          }
        },
      })),
    }
  }

  /** A point in a step that goes forward, or undoes (`forward` is undefined). */
  async #point(context: Context<unknown>, forward: number | undefined): Promise<void> {
    const action = this.scenario.script.get(this.points++)
    if (action === 'fail') {
      if (forward !== undefined && !this.pivotBegan) this.failures++
      throw new Error('the step failed')
    }
    if (action?.startsWith('crash') || action === 'torn' || action === 'zeros') return this.#crash()
    this.#ask(action)
    await Promise.resolve()
    if (!this.scenario.deaf) context.signal.throwIfAborted()
  }

  /** An append, or the creation with the opening line. */
  async append<T>(path: string, line: JournalLine, write: () => Promise<T>): Promise<T> {
    const action = this.scenario.script.get(this.points++)
    const text = JSON.stringify(line)
    if (line.type === 'doing' && line.step === `step-${this.scenario.pivot}` && action !== 'crash' && action !== 'torn' && action !== 'fail' && action !== 'zeros') this.pivotBegan = true
    switch (action) {
      case 'crash': return this.#crash()
      case 'torn':
        tear(path, text.slice(0, 1 + this.points * 7 % text.length)) // all but the newline at the most
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
      default: {
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
      void this.operations.close().then(() => { if (this.operations.list().some(isOpen)) this.#die() })
    } else if (action === 'cancel' || action === 'cancel-late' || action === 'ask') {
      try {
        if (action === 'ask') this.operations.rollBack(state.id)
        else this.operations.cancel(state.id)
        this.cancelAccepted = true
      } catch (error) {
        const code = error instanceof ProblemError ? error.problem.code : String(error)
        this.#expect(code === 'operation-settled' || (code === 'operation-past-pivot' && this.pivotBegan), `refused a cancel: ${code}`)
      }
    }
  }

  #crash(): Promise<never> {
    this.crashes++
    this.cancelAccepted = false // what was not on disk yet is forgotten
    this.#die()
    return forever
  }

  #lines(): JournalLine[] {
    return readdirSync(this.folder).flatMap(it => readFileSync(join(this.folder, it), 'utf8').trim().split('\n').map(line => journalLineSchema.parse(JSON.parse(line))))
  }

  #expect(holds: boolean, rule: string): void { if (!holds) this.broken.push(rule) }

  /** What must hold at the end. */
  async check(end: OperationState | undefined): Promise<void> {
    const { parts, recovery } = this.scenario
    expect(this.broken).toEqual([])
    const turned = this.#lines().some(it => it.type === 'turned')
    expect(this.world).toEqual(end?.phase === 'succeeded' ? parts : parts.map(() => 0))
    if (!end) return expect(readdirSync(this.folder)).toEqual([])
    expect(end.phase).toBe(turned ? 'rolled-back' : 'succeeded')
    expect(this.operations.openPlans()).toEqual([])
    expect(this.operations.running()).toBe(false)
    if (this.pivotBegan) expect(end.phase).toBe('succeeded')
    if (this.cancelAccepted) expect(end.phase).toBe('rolled-back')
    const interrupted = this.crashes + this.closings > 0
    const asked = [...this.scenario.script.values()].some(it => it.startsWith('cancel') || it === 'ask')
    if (!asked && !this.scenario.gives && this.failures === 0 && (recovery === 'resume' || !interrupted)) expect(end.phase).toBe('succeeded')

    const again = new Operations({ folder: this.folder, operations: [this.#operation()] })
    expect(await again.open()).toEqual([])
    expect(again.list()).toEqual([JSON.parse(JSON.stringify(end))])
  }

  remove(): void { rmSync(this.folder, { recursive: true }) }
}

/** Leaves of an append only this: like the real one, it begins where the last good line ends. */
function tear(path: string, written: string): void {
  const old = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const good = old.slice(0, old.lastIndexOf('}\n') + 2)
  writeFileSync(path, (old && good) + written)
}

let simulation: Simulation | undefined
const { append } = Journal.prototype
const { create } = Journal

beforeEach(() => {
  vi.spyOn(Journal.prototype, 'append').mockImplementation(function mocked(this: Journal, line) {
    return simulation ? simulation.append(this.path, line, () => append.call(this, line)) : append.call(this, line)
  })
  vi.spyOn(Journal, 'create').mockImplementation((folder, opened) =>
    simulation ? simulation.append(join(folder, `${opened.id}.jsonl`), opened, () => create.call(Journal, folder, opened)) : create.call(Journal, folder, opened))
})
afterEach(() => { vi.restoreAllMocks() })

/** @returns how many points it had */
async function simulate(scenario: Scenario): Promise<number> {
  const it = new Simulation(scenario)
  simulation = it
  try {
    await it.check(await it.run())
    return it.points
  } finally { it.remove() }
}

describe('the engine leaves the world before or after', () => {
  const shapes = [{ parts: [2, 1, 2], pivot: undefined }, { parts: [1, 2, 1], pivot: 1 }, { parts: [1, 2], pivot: 0 }]
  for (const shape of shapes) for (const recovery of ['resume', 'roll-back'] as const) {
    it(`with each action at every point, one and two in a row (${shape.parts.join()}, pivot ${shape.pivot}, ${recovery})`, async () => {
      const base = { ...shape, recovery, deaf: false, gives: false }
      const points = await simulate({ ...base, script: new Map() })
      expect(points).toBeGreaterThan(10)
      for (let at = 0; at < points; at++) for (const action of actions) {
        await simulate({ ...base, script: new Map([[at, action]]) })
        await simulate({ ...base, script: new Map([[at, action], [at + 1, 'fail'], [at + 2, 'crash']]) })
      }
    })
  }

  it('with many actions at random points of random operations', async () => {
    const scenarios = fc.record({
      parts: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 }),
      pivotAt: fc.option(fc.nat(4), { nil: undefined }),
      recovery: fc.constantFrom('resume' as const, 'roll-back' as const), deaf: fc.boolean(), gives: fc.boolean(),
      script: fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...actions)), { maxLength: 8 }).map(it => new Map(it)),
    })
    await fc.assert(fc.asyncProperty(scenarios, async ({ pivotAt, ...rest }) => {
      await simulate({ ...rest, pivot: pivotAt === undefined ? undefined : pivotAt % rest.parts.length })
    }), { numRuns: 500 })
  }, 60_000) // on a busy machine
})
