import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generatePassword, strengthOf } from '../../../src/renderer/src/create/password'

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
    ['', 0],
    ['aaaaaaaaaaaaaaaa', 1],
    ['abcdefghijklmnop', 1],
    ['Password123', 1],
    ['1234567890', 1],
    ['correct horse battery', 4],
  ])('%j: %i', (password, level) => {
    expect(strengthOf(password, []).level).toBe(level)
  })
  it('by what a guesser knows', () => {
    expect(strengthOf('maeve-obrien-riverside', []).level).toBeGreaterThan(2)
    expect(strengthOf('maeve-obrien-riverside', ['Maeve OBrien', 'maeve@riverside.example']).level).toBe(1)
  })
  it('never worse for one more surprising character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'k', 'Q', '7', '!'), minLength: 1 }), text => {
        const more = strengthOf(`${text}${text.endsWith('~') ? '§' : '~'}`, []).level
        expect(more).toBeGreaterThanOrEqual(strengthOf(text, []).level)
      }),
    )
  })
})
