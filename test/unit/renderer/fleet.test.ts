/** What is asked and found about the databases of several instances. */
import { expect, it } from 'vitest'
import {
  askedRenames,
  foundWords,
  gapLines,
  groupBy,
  offeredTo,
  renamesFor,
  totalLosses,
  type Found,
} from '../../../src/renderer/src/rebuild/fleet'
import type { FleetMember } from '../../../src/shared/rebuild-review'
import type { Loss, Rehearsal, Rename } from '../../../src/shared/schema'

const member = (name: string, more: Partial<FleetMember> = {}): FleetMember => ({
  name,
  moves: true,
  offered: [],
  gap: { running: true, seamless: false },
  ...more,
})
const additive: Rehearsal = {
  class: 'additive',
  losses: [],
  candidates: [],
  drift: [],
  oldCode: [],
  rollback: { exact: true, limits: [] },
}
const found = (name: string, more: Partial<Rehearsal> = {}): Found => ({ name, rehearsal: { ...additive, ...more } })
const phones = (count: number): Loss => ({ kind: 'column', table: 'users', column: 'phone', count, keys: [] })
const mobile: Rename = { kind: 'column', table: 'users', from: 'phone', to: 'mobile' }

it('a rename that one is asked about is one in all of its release, and in no other', () => {
  const fleet = [
    member('a', { release: '1' }),
    member('b', { release: '1' }),
    member('c', { release: '2' }),
    member('d'),
    member('e'),
  ]
  const asked = [found('a', { candidates: [mobile] }), found('d', { candidates: [mobile] })]
  const those = fleet.map(it => renamesFor(it, fleet, asked, [mobile]).length)
  expect(those).toEqual([1, 1, 0, 1, 0])
  expect(renamesFor(member('a', { release: '1' }), fleet, asked, [])).toEqual([])
  expect(askedRenames(asked)).toEqual([mobile])
})

it('losses of the same thing are added up', () => {
  const badges: Loss = { kind: 'table', table: 'badges', count: 1, keys: [] }
  const all = [
    { ...additive, losses: [phones(2), badges] },
    { ...additive, losses: [phones(3)] },
  ]
  expect(totalLosses(all)).toEqual([phones(5), badges])
  expect(foundWords({ ...additive, class: 'destructive', losses: [phones(2), badges] })).toBe(
    'Loses 2 values of users.phone and 1 row of badges.',
  )
})

it('what is the same for several is said once', () => {
  const drift = ['ALTER']
  const all: Found[] = [
    found('a', { drift }),
    found('b'),
    { name: 'c', problem: { code: 'schema-copy', message: 'No.', details: 'output' } },
    found('d', { drift }),
  ]
  expect(groupBy(all, it => it.drift.join())).toEqual([{ text: 'ALTER', names: ['a', 'd'] }])
  const groups = groupBy(
    all,
    () => undefined,
    it => it.details,
  )
  expect(groups).toEqual([{ text: 'output', names: ['c'] }])
})

it('who is down, and for how long', () => {
  const gap = { running: true, seamless: false }
  const fleet = [
    member('a', { gap: { ...gap, seconds: 2 } }),
    member('b', { gap: { ...gap, seconds: 3.5 } }),
    member('c', { gap }),
    member('d', { gap: { running: true, seamless: true, seconds: 1 } }),
    member('e', { gap: { running: false, seamless: true, seconds: 1 } }),
  ]
  expect(gapLines(fleet, false)).toEqual([
    'About 2.0 s to 3.5 s each: a and b.',
    'As long as the application takes to start: c.',
    'None, seamless: d.',
    'None, not running: e.',
  ])
  expect(gapLines(fleet, true)[0]).toBe('About 1.0 s to 3.5 s each: a, b and d.')
  const still = member('d', { moves: false, gap: { running: true, seamless: true } })
  expect(gapLines([still], true)).toEqual(['None, seamless.'])
})

it('a new key is offered if one of them lacks it', () => {
  const mail = { key: 'MAIL', copied: true }
  const other = { key: 'OTHER', copied: false }
  expect(offeredTo([member('a', { offered: [mail] }), member('b', { offered: [mail, other] }), member('c')])).toEqual([
    { ...mail, lacking: 2 },
    { ...other, lacking: 1 },
  ])
})
