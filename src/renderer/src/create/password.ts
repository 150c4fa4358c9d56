/** Passwords for the director: made by chance, or judged honestly when typed. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** The largest multiple of 62 in a byte: what lies above would favour the first letters. */
const usable = 256 - (256 % alphabet.length)

/** 24 alphanumerics, each of the 62 equally likely: 142 bits. */
export function generatePassword(length = 24): string {
  let password = ''
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < usable && password.length < length) password += alphabet.charAt(byte % alphabet.length)
    }
  }
  return password
}

export interface Strength {
  /** 0 (none) to 4. */
  readonly level: 0 | 1 | 2 | 3 | 4
  readonly word: string
  /** What would make it better, if anything. */
  readonly advice?: string
}

/** The starts of most passwords that are guessed first; a whole list would not make the answer more honest. */
const common = [
  'password',
  'passwort',
  'welcome',
  'admin',
  'director',
  'letmein',
  'qwerty',
  'qwertz',
  'azerty',
  'secret',
  'changeme',
  'iloveyou',
  'dragon',
  'monkey',
  'school',
  'summer',
  'winter',
]

/**
 * Judges by the characters that a guesser could not foretell: repeats, runs (abc, 321), common words and the
 * person's own name or e-mail count as one character each.
 * @param known what a guesser knows: names, the e-mail
 */
export function strengthOf(password: string, known: readonly string[]): Strength {
  if (!password) return { level: 0, word: 'Empty' }
  const words = [
    ...common,
    ...known.flatMap(it => it.toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter(it => it.length >= 3),
  ]
  let rest = password.toLowerCase()
  const found = words.filter(word => rest.includes(word))
  for (const word of found) rest = rest.replaceAll(word, '\0')
  const surprising = [...rest].filter((it, index, all) => index === 0 || !foretold(all[index - 1] ?? '', it)).length
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter(it => it.test(password)).length
  const bits = surprising * ([0, 3.4, 4.4, 5, 5.4][kinds] ?? 0)
  if (bits < 36)
    return {
      level: 1,
      word: 'Weak',
      advice: found.length ? 'It has a word that is guessed first.' : 'Make it longer, or less regular.',
    }
  if (bits < 52) return { level: 2, word: 'Fair', advice: 'A few more characters make it good.' }
  if (bits < 72) return { level: 3, word: 'Good' }
  return { level: 4, word: 'Strong' }
}

/** The same again, or the next or previous in the alphabet. */
const foretold = (before: string, it: string): boolean =>
  Math.abs((before.codePointAt(0) ?? 0) - (it.codePointAt(0) ?? 0)) <= 1
