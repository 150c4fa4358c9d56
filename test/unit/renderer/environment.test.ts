/** What the table of variables would change, and what is wrong in it. */
import { expect, it } from 'vitest'
import {
  changesOf,
  errorsOf,
  hasErrors,
  newRow,
  revealed,
  reverted,
  rowsOf,
} from '../../../src/renderer/src/environment/rows'

const env = [{ key: 'PORT', value: '1' }, { key: 'NODE_ENV', value: 'production' }, { key: 'MAIL_PASSWORD' }]

it('lists what can be edited; nothing typed changes nothing', () => {
  const rows = rowsOf(env)
  expect(rows.map(it => it.key)).toEqual(['NODE_ENV', 'MAIL_PASSWORD'])
  expect(changesOf([...rows, newRow(rows)])).toEqual([])
  expect(hasErrors([...rows, newRow(rows)])).toBe(false)
})

it('changes what was typed over, also with nothing, and what is removed', () => {
  const [mode, secret] = rowsOf(env)
  if (!mode || !secret) throw new Error('no rows')
  expect(
    changesOf([
      { ...mode, value: '' },
      { ...secret, value: '' },
    ]),
  ).toEqual([
    { key: 'NODE_ENV', value: '' },
    { key: 'MAIL_PASSWORD', value: '' },
  ])
  expect(
    changesOf([
      { ...mode, value: 'x', removed: true },
      { ...secret, was: { key: secret.key, value: 'p' }, value: 'p' },
    ]),
  ).toEqual([{ key: 'NODE_ENV', value: null }])
})

it('a value that is revealed keeps what was typed over it meanwhile; reverted, it is as before', () => {
  const secret = rowsOf(env)[1]
  if (!secret) throw new Error('no rows')
  expect(revealed(secret, 'p').value).toBe('p')
  const typed = revealed({ ...secret, value: 'new' }, 'p')
  expect(changesOf([typed])).toEqual([{ key: 'MAIL_PASSWORD', value: 'new' }])
  expect(changesOf([reverted(typed), reverted({ ...secret, value: '' })])).toEqual([])
})

it('a row in which nothing was typed is ignored, even if it is marked to be removed', () => {
  const row = { ...newRow([]), removed: true }
  expect([hasErrors([row]), changesOf([row])]).toEqual([false, []])
})

it.each([
  ['', 'Enter a name.'],
  ['1A', 'Use letters, digits and underscores; the first can’t be a digit.'],
  ['DATABASE_URL', 'It is the login to the instance’s own database.'],
  ['NODE_ENV', 'It is already in the list.'],
])('a new variable can’t be named %j', (key, error) => {
  const rows = rowsOf(env)
  const row = { ...newRow(rows), key, value: 'x' }
  expect(errorsOf(row, [...rows, row])).toEqual({ key: error, value: undefined })
})
