/**
 * Operations that overlap, against one world and real journals: whatever is begun, cancelled, fails, is interrupted or
 * planned slowly, no two work on the same thing, each ends *before* or *after* as if it had been alone, and no plan is
 * carried out in a world that has changed since it was made.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { owns, uses } from '../../../src/shared/things'
import type { Operations } from '../../../src/main/operations/engine'
import type { Operation, Step } from '../../../src/main/operations/operation'
import { isOpen, type OperationState } from '../../../src/shared/operation'
import { toProblem } from '../../../src/shared/problem'
import { memorySecrets } from '../../support/memory-secrets'
import { engineOf } from '../../support/engine'

const things = ['port/1', 'port/2', 'instance/a', 'instance/b', 'infrastructure']

type Job = {
  /** The first one is what it is about. */
  readonly owns: readonly string[]
  readonly uses: readonly string[]
  readonly steps: number
  readonly fails?: number | undefined
  readonly undoFails: boolean
  readonly cancelled: boolean
  /** Calls of the file system: before it is started, while it is planned, in each step. */
  readonly waits: readonly [number, number, number]
}
type Plan = { readonly name: string; readonly job: Job; readonly seen: Readonly<Record<string, number>> }

const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** Waits for as long as so many calls of the file system take: what journals are written with. */
async function calls(count: number): Promise<void> {
  for (let call = 0; call < count; call++) await stat(memory)
}

/** Things that only one may work on at a time, and the rules that were seen broken. */
class World {
  readonly broken: string[] = []
  /** Who works on a thing, from its first step on until it has settled. */
  readonly #workers = new Map<string, Map<string, 'own' | 'use'>>(things.map(it => [it, new Map()]))
  /** Counted up whenever a thing's owner begins or has ended. */
  readonly versions: Record<string, number> = Object.fromEntries(things.map(it => [it, 0]))
  readonly #values = new Map<string, string>()
  readonly #before = new Map<string, string>()
  readonly #failed = new Set<string>()

  enter({ name, job, seen }: Plan): void {
    if (this.#workers.get(job.owns[0] ?? '')?.has(name)) return
    for (const thing of [...job.owns, ...job.uses]) {
      const others = this.#workers.get(thing) ?? new Map<string, 'own' | 'use'>()
      const how = job.owns.includes(thing) ? 'own' : 'use'
      for (const [other, theirs] of others)
        if (how === 'own' || theirs === 'own') this.broken.push(`${name} and ${other} work on ${thing}`)
      others.set(name, how)
      if (this.versions[thing] !== seen[thing]) this.broken.push(`${name} was planned before ${thing} changed`)
    }
    for (const thing of job.owns) {
      this.#changed(thing)
      this.#before.set(`${name} ${thing}`, this.#values.get(thing) ?? '')
    }
  }

  change({ name, job }: Plan, step: number): void {
    for (const it of job.owns) this.#values.set(it, `${name} ${step}`)
  }

  undo({ name, job }: Plan, step: number): void {
    if (job.undoFails && !this.#failed.has(name)) {
      this.#failed.add(name)
      throw new Error('not now')
    }
    for (const it of job.owns) {
      const value = this.#values.get(it) ?? ''
      if (value.startsWith(`${name} `))
        this.#values.set(it, step === 0 ? (this.#before.get(`${name} ${it}`) ?? '') : `${name} ${step - 1}`)
    }
  }

  leave({ phase, plan }: OperationState): void {
    const { name, job } = plan as unknown as Plan
    const began = this.#before.has(`${name} ${job.owns[0] ?? ''}`)
    for (const it of job.owns) {
      const due = phase === 'succeeded' ? `${name} ${job.steps - 1}` : this.#before.get(`${name} ${it}`)
      if (began && (this.#values.get(it) ?? '') !== due)
        this.broken.push(`${name} ${phase}, and ${it} is ${this.#values.get(it) ?? 'untouched'}`)
      if (began) this.#changed(it)
    }
    for (const it of this.#workers.values()) it.delete(name)
  }

  #changed(thing: string): void {
    this.versions[thing] = (this.versions[thing] ?? 0) + 1
  }
}

/** @param forgets a job that claims only the first thing that it owns */
const jobOf = (world: World, forgets: boolean): Operation<{ readonly name: string; readonly job: Job }, Plan> => ({
  kind: 'work',
  version: 1,
  recovery: 'resume',
  about: ({ job }) => job.owns[0] ?? '',
  claims: ({ job }) => [...(forgets ? job.owns.slice(0, 1) : job.owns).map(owns), ...job.uses.map(uses)],
  async plan({ name, job }) {
    const seen = { ...world.versions }
    await calls(job.waits[1])
    return { name, job, seen }
  },
  secrets: ({ name }) => Promise.resolve({ token: name }),
  steps: ({ job }) =>
    Array.from({ length: job.steps }, (_, index): Step<Plan> => ({
      name: `step-${index}`,
      async do({ plan, signal, secret }) {
        if ((await secret('token')) !== plan.name) world.broken.push(`${plan.name} got another's secret`)
        world.enter(plan)
        await calls(plan.job.waits[2])
        signal.throwIfAborted()
        if (plan.job.fails === index) throw new Error('the step failed')
        world.change(plan, index)
      },
      verify: () => Promise.resolve(false),
      undo: ({ plan }) => Promise.resolve().then(() => world.undo(plan, index)),
    })),
})

/** @returns the rules that were broken */
async function overlap(jobs: readonly Job[], interruptions: readonly number[], forgets = false): Promise<string[]> {
  const folder = await mkdtemp(join(memory, 'overlap-'))
  const world = new World()
  const secrets = new Map<string, string>()
  let lost = new AbortController()
  const live = async (): Promise<Operations> => {
    lost = new AbortController()
    const made = engineOf({
      folder,
      lost: lost.signal,
      secrets: memorySecrets(secrets),
      operations: [jobOf(world, forgets)],
      onSettled: state => world.leave(state),
    })
    await made.open()
    return made
  }
  let operations = await live()
  const begun = new Set<string>()
  const begin = async (job: Job, index: number): Promise<void> => {
    await calls(job.waits[0])
    try {
      const id = await operations.start('work', { name: `job-${index}`, job })
      begun.add(id)
      if (job.cancelled) operations.cancel(id)
    } catch (error) {
      const { code } = toProblem(error)
      if (!['operation-open', 'shutting-down', 'operation-settled', 'operation-unknown'].includes(code))
        world.broken.push(`refused: ${code}`)
    }
  }
  const starting = Promise.all(jobs.map(begin))
  for (const wait of interruptions) {
    await calls(wait)
    lost.abort()
    await operations.close()
    operations = await live()
  }
  await starting
  while (operations.list().some(isOpen)) {
    // whatever keeps it from ending, the test's time ends
    for (const it of operations.list()) if (it.phase === 'stuck') operations.retry(it.id)
    await calls(20)
  }
  await calls(3)
  if (things.some(it => operations.holders(it).length > 0)) world.broken.push('something is held by nobody')
  if (secrets.size > 0) world.broken.push(`secrets are left: ${[...secrets.keys()].join(', ')}`)
  const journals = (await readdir(folder)).length
  if (journals !== operations.list().length || [...begun].some(id => !operations.list().some(it => it.id === id)))
    world.broken.push(`${journals} journals of ${begun.size}`)
  await operations.close()
  await rm(folder, { recursive: true })
  return world.broken
}

const someJobs = fc.array(
  fc
    .record<Job>({
      owns: fc.subarray(things, { minLength: 1, maxLength: 2 }),
      uses: fc.subarray(things, { maxLength: 2 }),
      steps: fc.integer({ min: 1, max: 3 }),
      fails: fc.option(fc.nat(2), { nil: undefined }),
      undoFails: fc.boolean(),
      cancelled: fc.boolean(),
      waits: fc.tuple(fc.nat(40), fc.nat(60), fc.nat(10)),
    })
    .map(it => ({ ...it, uses: it.uses.filter(used => !it.owns.includes(used)) })),
  { minLength: 2, maxLength: 8 },
)
const interruptions = fc.array(fc.nat(60), { maxLength: 3 })

describe('operations that overlap', () => {
  it('never work on the same thing, and end as if each had been alone', async () => {
    await fc.assert(
      fc.asyncProperty(someJobs, interruptions, async (jobs, cuts) => {
        expect(await overlap(jobs, cuts)).toEqual([])
      }),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 300) },
    )
  }, 60_000)

  it('are caught when a job leaves out a claim', async () => {
    const found = await fc.check(
      fc.asyncProperty(someJobs, async jobs => {
        expect(await overlap(jobs, [], true)).toEqual([])
      }),
      { numRuns: 1000 },
    )
    expect(found.failed).toBe(true)
  }, 60_000)
})
