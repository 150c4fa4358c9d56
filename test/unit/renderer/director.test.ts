/** What the form about a director's account sends. */
import { expect, it } from 'vitest'
import { inputOf } from '../../../src/renderer/src/instances/director-input'
import { directorJob } from '../../../src/shared/jobs/director'

const known = { email: 'ada@x.example', name: 'Ada' }
const base = { instance: 'school', account: known.email, known, password: undefined }
const changeIn = (typed: Parameters<typeof inputOf>[0]['typed'], change: Partial<Parameters<typeof inputOf>[0]> = {}) =>
  Object.fromEntries(Object.entries(inputOf({ ...base, typed, ...change })).filter(([key]) => key !== 'name'))
const account = known.email

it('sends what is different from the account, also the one that was chosen after typing', () => {
  expect(changeIn({})).toEqual({ account })
  expect(changeIn({ name: 'Ada', email: 'b@x.example' })).toEqual({ account, email: 'b@x.example' })
  expect(changeIn({ name: 'Ada' }, { known: { ...known, name: 'Bea' } })).toEqual({ account, fullName: 'Ada' })
  expect(changeIn({}, { password: 'longer than ten' })).toEqual({ account, password: 'longer than ten' })
})

it('a name or email address that was cleared is a fault, unless the account’s own aren’t known', () => {
  const input = inputOf({ ...base, typed: { name: '', email: '' } })
  expect(directorJob.input.safeParse(input).error?.issues.map(it => it.path[0])).toEqual(['email', 'fullName'])
  expect(changeIn({ name: '', email: '' }, { known: undefined })).toEqual({ account })
})
