import { expect, it } from 'vitest'
import type { InstanceView } from '../../../src/shared/instance'
import { guardedNames } from '../../../src/shared/jobs'
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

it('protects an instance that PM2 has lost, or can’t be asked about, as one that runs', () => {
  for (const request of [stopping, starting]) {
    const names = (status: InstanceStatus, lost: string[]) =>
      guardedNames(request, {
        instances: [view('kept', status), { ...view('other', 'stopped'), protected: undefined }] as InstanceView[],
        lost: lost.map(name => ({ name, pid: 1 })),
      })
    expect(names('online', [])).toEqual(['kept'])
    expect(names('unknown', [])).toEqual(['kept'])
    expect(names('not in PM2', ['kept'])).toEqual(['kept'])
    expect(names('not in PM2', [])).toEqual([])
  }
})
