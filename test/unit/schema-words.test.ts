import { expect, test } from 'vitest'
import { agreeTo, lossesBeyond, lossWords, lostWords, renameWords, rowWords, type Loss } from '../../src/shared/schema'

const keys = Array.from({ length: 10 }, (_, index) => String(index + 1))

test('losses are said with the rows concerned', () => {
  const lost = { table: 'users', count: 1204, keys }
  expect(lossWords({ kind: 'column', column: 'phone', ...lost })).toBe('drops column `phone` of `users`: 1,204 values')
  expect(lossWords({ kind: 'table', ...lost, count: 1 })).toBe('drops table `users`: one row')
  expect(lossWords({ kind: 'rows', ...lost, count: 0 })).toBe('deletes rows of `users`: no rows')
  expect(lossWords({ kind: 'values', column: 'born', replaced: false, ...lost })).toBe(
    'changes values of column `born` of `users`: 1,204 values',
  )
  expect(lossWords({ kind: 'values', column: 'age', replaced: true, ...lost })).toBe(
    'replaces column `age` of `users` with a new one: 1,204 values',
  )
})

test('rows are named as far as they are known', () => {
  expect(rowWords({ count: 1, keys: ['7'] })).toBe('one row (7)')
  expect(rowWords({ count: 3, keys: ['1', '5', '9'] })).toBe('3 rows (1, 5 and 9)')
  expect(rowWords({ count: 12, keys })).toBe('12 rows (1, 2, 3, 4, 5, 6, 7, 8, 9, 10 …)')
  expect(rowWords({ count: 2, keys: [] })).toBe('2 rows')
})

test('renames are shown as from and to', () => {
  expect(renameWords({ kind: 'table', from: 'badges', to: 'awards' })).toBe('table `badges` → `awards`')
  expect(renameWords({ kind: 'column', table: 'awards', from: 'title', to: 'label' })).toBe(
    'column `title` → `label` of `awards`',
  )
})

test('what nobody has agreed to: another loss, or more of the same', () => {
  const phone: Loss = { kind: 'column', table: 'users', column: 'phone', count: 3, keys }
  const badges: Loss = { kind: 'table', table: 'badges', count: 0, keys: [] }
  const agreed = agreeTo([phone], false)
  expect(agreed).toEqual([{ kind: 'column', table: 'users', column: 'phone', most: 3 }])
  expect(lossesBeyond([phone, { ...phone, count: 2 }], agreed)).toEqual([])
  expect(lossesBeyond([{ ...phone, count: 4 }, badges], agreed)).toEqual([{ ...phone, count: 4 }, badges])
  expect(lossesBeyond([{ ...phone, kind: 'values', replaced: true }], agreed)).toHaveLength(1)
  expect(lossesBeyond([{ ...phone, count: 4 }], agreeTo([phone], true))).toEqual([])
  expect([phone, { ...badges, count: 1 }].map(lostWords)).toEqual(['3 values of users.phone', '1 row of badges'])
})
