import { expect, it } from 'vitest'
import { linkIn } from '../../../src/renderer/src/app/page-session'

const here = 'http://127.0.0.1:7600'

it('a pasted link for this server is used here', () => {
  expect(linkIn(` ${here}/#token=abc_-9\n`, here)).toEqual({ fragment: '#token=abc_-9' })
})

it.each(['http://127.0.0.1:7601/#token=abc', 'http://localhost:7600/#token=abc', 'https://127.0.0.1:7600/#token=abc'])(
  'one for another server is never told to this one: %s',
  link => {
    expect(linkIn(link, here)).toEqual({ elsewhere: link })
  },
)

it.each([
  '',
  'abc',
  '#token=abc',
  `${here}/`,
  `${here}/#/instances`,
  'javascript:alert(1)//#token=a',
  'file:///x#token=a',
])('anything else is no link: %s', text => {
  expect(linkIn(text, here)).toBeUndefined()
})
