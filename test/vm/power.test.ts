/** The power is cut in the middle of jobs. Before or after, never between. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDebian, type Debian } from '../package/debian'
import { jobs, newCode, type Job } from './jobs'
import { cutPower, homeOnDisk, keepDisk, release, restoreDisk, switchOff, switchOn } from './power'
import { random } from './random'
import { equip, ours, packages, succeeds, user } from './school'
import { journal, settle, stateOf } from './state'

const given = (name: string): number | undefined => {
  const value = process.env[`INSTANCE_MANAGER_TEST_${name}`]
  return value === undefined ? undefined : Number(value)
}
const cuts = given('CUTS') ?? 20
const seed = given('SEED') ?? Date.now() % 1_000_000
const next = random(seed)

let debian: Debian
const asUser = (command: string) => succeeds(debian.as(user, command))
const state = () => stateOf(script => debian.as(user, script))
let before: string

beforeAll(async () => {
  debian = await startDebian(packages)
  await equip(debian)
  await homeOnDisk(debian)
  await switchOn(debian)
  await asUser(`${ours()} start --all && ${newCode}`)
  before = await state()
  await switchOff(debian)
  await keepDisk(debian)
})
afterAll(async () => {
  await release(debian)
  await debian.remove()
})

/** The same each time: everything runs. */
async function ready(): Promise<void> {
  await restoreDisk(debian)
  await switchOn(debian)
  await asUser(`${ours()} resurrect`)
}

test.each(jobs.map((job, index) => ({ ...job, share: Math.floor((cuts + jobs.length - 1 - index) / jobs.length) })))(
  `$share power cuts during a $kind (seed ${seed})`,
  async ({ share, ...job }) => {
    const { after, from, to } = await whole(job)
    expect(after).not.toBe(before)
    const wrong: string[] = []
    for (let cut = 0; cut < share; cut++) {
      const moment = from + next() * (to - from)
      await ready()
      const began = Date.now()
      const running = debian.as(user, job.command)
      await delay(moment)
      const at = Date.now()
      await cutPower(debian)
      await running
      await switchOn(debian)
      const reached = (await journal(debian, job.kind)).findLast(it => it.at >= began && it.at <= at)?.what ?? 'nothing'
      await asUser(`${ours()} resurrect`)
      await asUser(settle)
      const found = await state()
      const what = found === before ? 'before' : found === after ? 'after' : 'between'
      const where = `${job.kind}, cut ${Math.round(moment)} ms after the command (${reached})`
      process.stdout.write(`${where}: ${what}\n`)
      const health = (await debian.as(user, `${ours()} doctor`)).stdout
      if (what === 'between') wrong.push(`${where}:\n${found}\n\nAfter it, there would be:\n${after}`)
      if (!/^(Everything is fine|No problems were found)/m.test(health)) wrong.push(`${where}:\n${health}`)
      await switchOff(debian)
    }
    expect(wrong, before).toEqual([])
  },
)

/** @returns what a job leads to, and from when to when its operation lasts, in milliseconds after its command */
async function whole({ kind, command }: Job) {
  await ready()
  const began = Date.now()
  await asUser(command)
  const entries = await journal(debian, kind)
  const [from = 0, to = 0] = [entries[0], entries.at(-1)].map(it => (it?.at ?? began) - began)
  const after = await state()
  await switchOff(debian)
  return { after, from: from * 0.95, to: to * 1.05 }
}
