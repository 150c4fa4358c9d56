/**
 * Characters that are not what they look like: control characters, what is invisible, and what turns text around
 * (U+202E).
 */

/**
 * Invisible or turning text around, and invisible letters; as it is written within a class of a `u` regular expression.
 */
export const invisible = String.raw`\p{Cf}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u{e0000}-\u{e0fff}`

/** One such character, to be shown in its place. */
export const replacement = '\ufffd'
