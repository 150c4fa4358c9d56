import { expect, test } from 'vitest'
import type { PortCheck } from '../../../src/shared/ports'
import { checkPort, choosePort, requireNotOurs, type PortKnowledge } from '../../../src/main/instances/ports'

interface World {
  own?: { title: string; port: number }[]
  instances?: { name: string; port: number; running: boolean }[]
  reservations?: { subject: string; port: number }[]
  listening?: Record<number, { pid?: number; program?: string }[]>
  /** Taken without a listener that can be seen. */
  bound?: number[]
}
const knowledge = ({
  own = [],
  instances = [],
  reservations = [],
  listening = {},
  bound = [],
}: World): PortKnowledge => ({
  own: async () => own,
  instances: async () => instances.map(it => ({ ...it })),
  reservations: async () => reservations,
  portFree: async port => !(port in listening) && !bound.includes(port),
  portHolders: async port => listening[port] ?? [],
})

test('the first port that neither an instance, nor an operation, nor a program has', async () => {
  const to = knowledge({
    instances: [
      { name: 'a', port: 5000, running: false },
      { name: 'b', port: 5002, running: true },
    ],
    reservations: [{ subject: 'c', port: 5001 }],
    listening: { 5003: [{ pid: 1 }] },
    bound: [5004],
    own: [{ title: 'PostgreSQL', port: 5005 }],
  })
  expect(await choosePort(5000, to)).toBe(5006)
  expect(await choosePort(5007, to)).toBe(5007)
})

test('a port that something has is not probed', async () => {
  const probed: number[] = []
  await choosePort(5000, {
    ...knowledge({ instances: [{ name: 'a', port: 5000, running: true }] }),
    portFree: async port => {
      probed.push(port)
      return true
    },
  })
  expect(probed).toEqual([5001])
})

test('the last port is tried, and none beyond it', async () => {
  expect(await choosePort(65_535, knowledge({}))).toBe(65_535)
  await expect(choosePort(65_534, knowledge({ bound: [65_534, 65_535] }))).rejects.toMatchObject({
    problem: { code: 'no-free-port', field: 'port' },
  })
})

test('a free port has no holders', async () => {
  expect(await checkPort(5000, knowledge({ instances: [{ name: 'a', port: 5001, running: true }] }))).toEqual({
    port: 5000,
    holders: [],
  })
})

test('every instance that has the port is named, running or not', async () => {
  const to = knowledge({
    instances: [
      { name: 'a', port: 5000, running: false },
      { name: 'b', port: 5000, running: false },
    ],
  })
  expect((await checkPort(5000, to)).holders).toEqual([
    { type: 'instance', name: 'a', running: false },
    { type: 'instance', name: 'b', running: false },
  ])
})

test('a running instance is not named a second time as the program that it is', async () => {
  const to = knowledge({
    instances: [{ name: 'a', port: 5000, running: true }],
    listening: { 5000: [{ pid: 7, program: 'node' }] },
  })
  expect((await checkPort(5000, to)).holders).toEqual([{ type: 'instance', name: 'a', running: true }])
})

test('an instance that begins to listen meanwhile is not named as a program', async () => {
  const a = { name: 'a', port: 5000, running: false }
  const services = knowledge({ instances: [a] })
  const listens = async () => {
    a.running = true
    return [{ pid: 7, program: 'node' }]
  }
  const { holders } = await checkPort(5000, { ...services, portHolders: listens })
  expect(holders).toEqual([{ type: 'instance', name: 'a', running: true }])
})

test('a stranger on the port of an instance that does not run is named beside it', async () => {
  const to = knowledge({
    instances: [{ name: 'a', port: 5000, running: false }],
    listening: { 5000: [{ pid: 7, program: 'nginx' }] },
  })
  expect((await checkPort(5000, to)).holders).toEqual([
    { type: 'instance', name: 'a', running: false },
    { type: 'process', pid: 7, program: 'nginx' },
  ])
})

test('an open operation is named, but not beside the instance that it makes', async () => {
  const to = knowledge({
    instances: [{ name: 'School', port: 5000, running: false }],
    reservations: [
      { subject: 'school', port: 5000 },
      { subject: 'other', port: 5000 },
    ],
  })
  expect((await checkPort(5000, to)).holders).toEqual([
    { type: 'instance', name: 'School', running: false },
    { type: 'operation', subject: 'other' },
  ])
})

test('a port that is taken by nobody to be seen has a nameless holder', async () => {
  expect((await checkPort(5000, knowledge({ bound: [5000] }))).holders).toEqual([{ type: 'process' }])
  expect((await checkPort(5000, knowledge({ listening: { 5000: [{}] } }))).holders).toEqual([{ type: 'process' }])
})

test('one that is nameless only while it ends holds nothing', async () => {
  const looks: { pid?: number }[][] = [[{}], [{}]]
  const to = { ...knowledge({}), portHolders: async () => looks.shift() ?? [] }
  expect((await checkPort(5000, to)).holders).toEqual([])
})

test('our own ports can’t be shared', async () => {
  const to = knowledge({ own: [{ title: 'PgBouncer', port: 5000 }] })
  const [own, other] = await Promise.all([5000, 5001].map(it => checkPort(it, to)))
  expect(own?.holders).toEqual([{ type: 'own', title: 'PgBouncer' }])
  await expect(requireNotOurs(own as PortCheck, () => Promise.resolve(5002))).rejects.toMatchObject({
    problem: { code: 'port-taken', field: 'port', hint: expect.stringContaining('5002') as string },
  })
  expect(await requireNotOurs(other as PortCheck, () => Promise.reject(new Error('not asked')))).toBeUndefined()
})
