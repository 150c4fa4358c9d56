import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Matcher } from '../../../src/main/logs/matcher'

const bytesOf = fc.array(fc.oneof(fc.constantFrom(...Buffer.from('abzABZ@[`{kK\n')), fc.nat(255)), { maxLength: 60 })

/** Every place that is found, one after the other. */
function places(matcher: Matcher, bytes: Buffer): number[] {
  const found: number[] = []
  if (!matcher.candidates) throw new Error('it has candidates')
  const { next } = matcher.candidates(bytes)
  for (let at = next(0); at >= 0; at = next(at + 1)) found.push(at)
  return found
}

it('finds a text in any case where a simple search of the bytes does, and no other letters as the same', () => {
  fc.assert(
    fc.property(bytesOf, fc.stringMatching(/^[a-bzABZ@[`{kK]{1,3}$/), fc.nat(3), (some, text, shift) => {
      const bytes = Buffer.concat([
        Buffer.alloc(16_384 - shift - some.length, 'x'),
        Buffer.from(some),
        Buffer.from(some),
      ]) // over the edge of a piece
      const simple = bytes.toString('latin1').replaceAll(/[A-Z]/g, it => it.toLowerCase())
      const needle = text.replaceAll(/[A-Z]/g, it => it.toLowerCase())
      const expected: number[] = []
      for (let at = simple.indexOf(needle); at >= 0; at = simple.indexOf(needle, at + 1)) expected.push(at)
      expect(places(new Matcher({ text, regex: false, matchCase: false }), bytes)).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

it('keeps the bytes of two files apart', () => {
  const { candidates } = new Matcher({ text: 'Two', regex: false, matchCase: false })
  const [one, other] = [candidates?.(Buffer.from('one two, and TWO')), candidates?.(Buffer.from('two'))]
  expect([one?.next(0), other?.next(0), one?.next(5), other?.next(1), one?.next(14)]).toEqual([4, 0, 13, -1, -1])
})
