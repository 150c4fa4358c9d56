/** Addresses, histories and passwords follow an instance that was renamed. */
import { expect, it } from 'vitest'
import { newestBySubject } from '../../../src/renderer/src/instances/shown-status'
import { foundAs, historyOf, nameNow } from '../../../src/renderer/src/instances/renames'
import { fold, type OperationState } from '../../../src/shared/operation'

let minute = 10
const operation = (kind: string, subject: string, plan = {}, phase: OperationState['phase'] = 'succeeded') => ({
  ...fold(undefined, {
    id: `${kind} ${subject} ${minute}`,
    at: `2026-01-01T00:${minute++}:00.000Z`,
    type: 'opened',
    kind,
    version: 1,
    subject,
    plan,
    steps: [],
  }),
  phase,
})
const target = (name: string) => ({ name, port: 5000, cwd: `/w/instances/${name}/server`, script: `/w/${name}.js` })
const rename = (from: string, to: string, phase?: OperationState['phase']) =>
  operation('rename', from.toLowerCase(), { before: target(from), target: target(to), ran: true, wanted: true }, phase)

const other = operation('delete', 'college') // of another one, before
const created = operation('create', 'school')
const first = rename('School', 'interim')
const started = operation('start', 'interim')
const second = rename('interim', 'College')
const again = operation('create', 'school') // another one, since
const all = [again, second, started, first, created, other]
const exists =
  (...names: string[]) =>
  (name: string) =>
    names.includes(name)

it('an old address leads to where the instance is now', () => {
  const before = all.filter(it => it !== again)
  expect(foundAs(before, 'School', exists('College'))).toBe('College')
  expect(foundAs(all, 'interim', exists('College'))).toBe('College')
  expect(foundAs(all, 'School', exists('other'))).toBeUndefined()
  expect(foundAs([rename('a', 'b', 'running')], 'a', exists('b'))).toBe('b')
  expect(foundAs([rename('a', 'b', 'rolled-back')], 'b', exists('a'))).toBe('a')
  expect(foundAs([rename('a', 'b', 'rolled-back')], 'a', exists('b'))).toBeUndefined()
})

it('the address of another one that was deleted since leads nowhere', () => {
  const gone = operation('delete', 'school', {}, 'running')
  expect(foundAs([gone, ...all], 'School', exists('College'))).toBeUndefined()
  const refused = operation('create', 'school', {}, 'rolled-back') // so it has never been another one's
  expect(foundAs([refused, second, first], 'School', exists('College'))).toBe('College')
})

it('its history goes on under the new name, without that of others of the same names', () => {
  expect(historyOf(all, 'College')).toEqual([second, started, first, created])
  expect(historyOf(all, 'school')).toEqual([again])
  const open = rename('College', 'b', 'running')
  for (const name of ['College', 'b'])
    expect(historyOf([open, ...all], name)).toEqual([open, second, started, first, created])
})

it('what an operation was about has today’s name', () => {
  const early = operation('start', 'x')
  const late = rename('x', 'y')
  expect([early, late].map(it => nameNow(it, [late, early]))).toEqual(['y', 'y'])
  expect(nameNow(operation('start', 'x'), [late, early])).toBe('x')
})

it('while it is being renamed, both names are', () => {
  const open = rename('a', 'b', 'running')
  expect([...newestBySubject([open, ...all])].filter(([, it]) => it === open).map(([name]) => name)).toEqual(['a', 'b'])
  expect(newestBySubject(all).get('college')).toBe(other)
})
