import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generatePassword } from '../../../src/shared/password'
import { strengthOf } from '../../../src/renderer/src/create/strength'

describe('a generated password', () => {
  it('has 24 alphanumerics and is never the same', () => {
    const made = Array.from({ length: 200 }, () => generatePassword())
    expect(new Set(made).size).toBe(200)
    for (const password of made) expect(password).toMatch(/^[A-Za-z0-9]{24}$/)
  })
  it('favours no character', () => {
    const text = Array.from({ length: 5000 }, () => generatePassword()).join('')
    const counts = new Map<string, number>()
    for (const it of text) counts.set(it, (counts.get(it) ?? 0) + 1)
    expect(counts.size).toBe(62)
    const expected = text.length / 62
    // chi-squared with 61 degrees of freedom: above 130 once in 10^6 runs; a modulo bias of 256 % 62 gives over 800
    expect([...counts.values()].reduce((sum, it) => sum + (it - expected) ** 2 / expected, 0)).toBeLessThan(130)
  })
  it('is strong', () => {
    expect(strengthOf(generatePassword(), []).level).toBe(4)
  })
})

describe('a typed password is judged', () => {
  it.each([
    ['aaaaaaaaaaaaaaaa', 'Weak', /Repeated characters/],
    ['abcdefghijklmnop', 'Weak', /Sequences/],
    ['qwertyuiop123', 'Weak', /similar to a common password/],
    ['Password123', 'Weak', /a common password/],
    ['1234567890', 'Weak', /hundred most common/],
    ['iloveyou1985', 'Weak', /common password/],
    ['P@ssw0rd2026!', 'Fair', /similar to a common password/],
    ['headteacher1', 'Fair', /^Add a few unrelated words/],
    ['correct horse battery', 'Strong', /^none$/],
    ['kq7#Vz9!mPx2', 'Strong', /^none$/],
  ])('%j: %s, %s', (password, word, advised) => {
    const { word: found, advice = 'none' } = strengthOf(password, [])
    expect(found).toBe(word)
    expect(advice).toMatch(advised)
  })
  it('by what a guesser knows', () => {
    const known = ['Lakeside', 'Maeve (O’Brien)', 'maeve@lakeside.example']
    expect(strengthOf('maeve-Brien-LAKESIDE', []).level).toBeGreaterThan(2)
    expect(strengthOf('maeve-Brien-LAKESIDE', known)).toMatchObject({
      word: 'Weak',
      advice: expect.stringContaining('from this page') as string,
    })
    expect(strengthOf('Lakeside kq7#Vz9!mPx2', known).word).toBe('Strong')
  })
  it('whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 72 }), fc.array(fc.string()), (text, known) => {
        expect([1, 2, 3, 4]).toContain(strengthOf(text, known).level)
      }),
      { numRuns: 30 },
    )
  })
})
