import { expect, it } from 'vitest'
import type { InstanceView } from '../../../src/shared/instance'
import { guardedNames } from '../../../src/shared/jobs'
import { cutOff } from '../../../src/shared/jobs/infrastructure'
import { inTheWay } from '../../../src/shared/jobs/lifecycle'
import type { InstanceStatus } from '../../../src/shared/status'

const view = (name: string, status: InstanceStatus): InstanceView => ({
  name,
  port: 5001,
  url: '',
  status,
  pooled: true,
  database: `${name}_db`,
  created: '',
  isolated: false,
  seamless: false,
  protected: true,
})
const [stopping, starting] = [
  { kind: 'infrastructure-stop' } as const,
  { kind: 'start', name: 'other', stopOther: true } as const,
]

it.each<[InstanceStatus, readonly string[], readonly string[]]>([
  ['online', [], ['kept']],
  ['unknown', [], ['kept']], // PM2 can't be asked
  ['not in PM2', ['kept'], ['kept']],
  ['not in PM2', [], []],
])('one that is “%s” and lost: %j counts as running: %j', (status, lost, running) => {
  const known = {
    instances: [view('kept', status), { ...view('other', 'stopped'), protected: undefined }] as InstanceView[],
    lost: lost.map(name => ({ name, pid: 1 })),
  }
  for (const request of [stopping, starting]) expect(guardedNames(request, known)).toEqual(running)
  expect(cutOff(known).map(it => it.name)).toEqual(running)
  expect(inTheWay(['other'], known)).toEqual(running)
})
