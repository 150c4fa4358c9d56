/** Estimates how hard a password is to guess. Contains 0.5 MB of common passwords, so it is imported on demand. */
import { ZxcvbnFactory, type Score, type TranslationKeys } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

export interface Strength {
  /** 1 to 4. */
  readonly level: number
  readonly word: string
  /** What makes it weak and how to improve it, if anything. */
  readonly advice?: string
}

// The English dictionaries would triple the size and make checks ten times slower, for much the same results.
const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })

/** From zxcvbn's estimate of the guesses needed: below 10^6, 10^8, 10^10, or more. */
const levels: Readonly<Record<Score, Pick<Strength, 'level' | 'word'>>> = {
  0: { level: 1, word: 'Weak' },
  1: { level: 1, word: 'Weak' },
  2: { level: 2, word: 'Fair' },
  3: { level: 3, word: 'Good' },
  4: { level: 4, word: 'Strong' },
}

const reasons: Readonly<Record<keyof TranslationKeys['warnings'], string>> = {
  straightRow: 'Rows of keys are easy to guess.',
  keyPattern: 'Short patterns of keys are easy to guess.',
  simpleRepeat: 'Repeated characters are easy to guess.',
  extendedRepeat: 'Repeated patterns are easy to guess.',
  sequences: 'Sequences like “abc” or “6543” are easy to guess.',
  recentYears: 'Recent years are easy to guess.',
  dates: 'Dates are easy to guess.',
  topTen: 'This is one of the ten most common passwords.',
  topHundred: 'This is one of the hundred most common passwords.',
  common: 'This is a common password.',
  similarToCommon: 'This is similar to a common password.',
  wordByItself: 'A single word is easy to guess.',
  namesByThemselves: 'A single name is easy to guess.',
  commonNames: 'Common names are easy to guess.',
  userInputs: 'Names and addresses from this page are easy to guess.',
  pwned: 'This password has been leaked.',
}
const isReason = (key: string | null): key is keyof typeof reasons => key !== null && key in reasons

/**
 * Words an attacker knows add no strength: on its own, zxcvbn rates “ada-lovelace-lakeside” as strong for anybody.
 * @param known names and addresses entered with it
 */
export function strengthOf(password: string, known: readonly string[]): Strength {
  const words = known.flatMap(it => it.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter(it => it.length >= 3)
  let rest = password
  for (const word of words) rest = rest.replaceAll(new RegExp(word, 'giu'), '')
  const { score, feedback } = zxcvbn.check(rest, words)
  const strength = levels[score]
  if (strength.level > 2) return strength
  const reason = rest === password ? feedback.warning : 'userInputs'
  return {
    ...strength,
    advice: `${isReason(reason) ? `${reasons[reason]} ` : ''}Add a few unrelated words, or generate one.`,
  }
}
