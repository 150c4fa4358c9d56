/** What the operator answers when asked whether something was renamed. */
import { expect, it } from 'vitest'
import { allRenames, withRename, without } from '../../../src/renderer/src/rebuild/schema-decision'
import type { Rename } from '../../../src/shared/schema'

const column = (table: string, from: string, to: string): Rename => ({ kind: 'column', table, from, to })
const table = (from: string, to: string): Rename => ({ kind: 'table', from, to })

it('one thing has one name before and one after', () => {
  const renames = [column('users', 'phone', 'mobile'), column('users', 'born', 'birthday'), table('badges', 'awards')]
  expect(withRename(renames, column('users', 'phone', 'fax'))).toEqual([
    ...renames.slice(1),
    column('users', 'phone', 'fax'),
  ])
  expect(withRename(renames, column('users', 'fax', 'mobile'))).toHaveLength(3)
  expect(withRename(renames, column('teachers', 'phone', 'mobile'))).toHaveLength(4)
  expect(withRename(renames, table('prizes', 'awards'))).toEqual([...renames.slice(0, 2), table('prizes', 'awards')])
})

it('a table’s columns go with its rename; those that are confirmed are still shown', () => {
  const its = [table('badges', 'awards'), column('awards', 'title', 'label'), column('users', 'a', 'b')]
  expect(without(its, table('badges', 'awards'))).toEqual([column('users', 'a', 'b')])
  expect(allRenames(its, [column('users', 'a', 'b'), column('users', 'c', 'd')])).toEqual([
    ...its,
    column('users', 'c', 'd'),
  ])
})
