/** Cuts the power in the middle of a job, and says what an operator finds after the boot. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Job } from './jobs'
import { startMachine, type Machine, type Parts } from './machine'
import { ours, succeeds, user } from './school'
import { journal, settled, stateOf } from './state'

/** What there is before the jobs, in a snapshot of the machine. */
export interface Ready {
  readonly snapshot: string
  readonly state: string
  readonly health: string
}

export const healthOf = (machine: Machine): Promise<string> => succeeds(machine.as(user, `${ours()} doctor; true`))

/** A machine with the same disk, snapshots included. It is switched off, and so must be the one that it is a copy of. */
export async function copyOf(parts: Parts, name: string): Promise<Parts> {
  const folder = join(parts.folder, name)
  await mkdir(folder)
  const disk = join(folder, 'disk.qcow2')
  await cp(parts.disk, disk)
  return { ...parts, folder, disk }
}

/**
 * @param moments of the cuts: 0 is when the operation begins, 1 when it has ended @param say called after each with what
 * there was @returns what was wrong
 */
export async function cutDuring(
  { kind, command }: Job,
  { parts, ready, moments }: { readonly parts: Parts; readonly ready: Ready; readonly moments: readonly number[] },
  say: (text: string) => void,
): Promise<string[]> {
  const { after, from, to } = await on(startMachine(parts, ready.snapshot), async machine => {
    const began = Number(await succeeds(machine.asRoot('date +%s%3N')))
    await succeeds(machine.as(user, command))
    const entries = await journal(machine, kind)
    const [first = 0, last = 0] = [entries[0], entries.at(-1)].map(it => (it?.at ?? 0) - began)
    say(`${kind}: its operation lasts ${seconds(last - first)}, from ${seconds(first)} after the command`)
    return { after: await stateOf(machine), from: first * 0.95, to: last * 1.02 }
  })
  const wrong = after === ready.state ? [`${kind} changes nothing.`] : []
  for (const it of moments) {
    const moment = from + it * (to - from)
    const cut = await startMachine(parts, ready.snapshot)
    const running = cut.as(user, command).catch(() => undefined) // its machine goes
    await delay(moment)
    await cut.cut()
    await running
    const began = performance.now()
    wrong.push(
      ...(await on(startMachine(parts), async machine => {
        const unit = await settled(machine)
        const recovered = performance.now() - began
        const [state, health] = [await stateOf(machine), await healthOf(machine)]
        const booted = Date.parse(`${(await succeeds(machine.asRoot('TZ=UTC uptime --since'))).trim()}Z`)
        const reached = (await journal(machine, kind)).findLast(entry => entry.at < booted)?.what ?? 'nothing'
        const found = state === ready.state ? 'before' : state === after ? 'after' : 'between'
        const where = `${kind}, cut at ${seconds(moment)} (${reached})`
        say(`${where}: ${found}; back after ${seconds(recovered)}`)
        return [
          ...(found === 'between' ? [`${where}:\n${state}\n\nAfter it, there would be:\n${after}`] : []),
          ...(unit === 'active' ? [] : [`${where}: its unit is ${unit}`]),
          ...(health === ready.health ? [] : [`${where}:\n${health}`]),
        ]
      })),
    )
  }
  return wrong
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(0)} s`

/** @returns what `work` returns; the machine is off then */
async function on<T>(starting: Promise<Machine>, work: (machine: Machine) => Promise<T>): Promise<T> {
  const machine = await starting
  try {
    return await work(machine)
  } finally {
    await machine.cut()
  }
}
