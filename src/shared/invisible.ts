/** Deceptive characters: control characters, invisible ones, and those that reverse text (U+202E). */

/**
 * Characters that are invisible or change the text direction, as the body of a character class in a `u` regular
 * expression.
 */
export const invisible = String.raw`\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u{e0000}-\u{e0fff}`

/** Shown in place of such a character. */
export const replacement = '\ufffd'
