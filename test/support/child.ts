/**
 * A separate process that opens a workspace, recovers it and runs operations. It can kill itself at a given moment, as
 * a power cut would.
 */
import { writeSync } from 'node:fs'
import { openWorkspace, type Host } from '../../src/main/compose'
import type { WorkspaceServices } from '../../src/main/services'
import { isOpen } from '../../src/shared/operation'
import { armFaults, type Moment } from './faults'

/** In argv as JSON. */
export interface ChildOrder {
  readonly host: Host
  readonly root: string
  /** Operations to run one after the other: kind and input. */
  readonly run?: readonly (readonly [string, unknown])[]
  readonly cancelAt?: Moment
  readonly killAt?: Moment
}

const { host, root, run = [], cancelAt, killAt } = JSON.parse(process.argv[2] ?? '{}') as ChildOrder
const open: WorkspaceServices[] = []

await armFaults(
  [cancelAt, killAt].filter(it => it !== undefined),
  moment => {
    if (moment === killAt) process.kill(process.pid, 'SIGKILL')
    for (const it of open) for (const { id } of it.operations.list().filter(isOpen)) it.operations.cancel(id)
  },
)
const services = await openWorkspace(host, root)
open.push(services)
writeSync(1, 'opened\n')
const { operations } = services
for (const { id } of operations.list().filter(isOpen)) await operations.settled(id)
for (const [kind, input] of run) {
  const { phase, turned } = await operations.settled(await operations.start(kind, input))
  writeSync(1, `${kind} ${phase} ${JSON.stringify(turned ?? '')}\n`)
}
await services.close()
process.exit(0)
