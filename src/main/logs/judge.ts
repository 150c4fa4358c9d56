/**
 * Classifies a line by its text: whether it continues the line before, and whether it looks like an error. PM2 stamps
 * every line, stack frames too, so the text after the stamp is what counts, without colours.
 */

/**
 * A line continues the one before if it
 * - is indented (frames `    at f (file.js:1:2)`, nested objects, PostgreSQL's tab) or empty,
 * - begins with `at … :line`, `Caused by`, `... 12 more`, a caret line, or closes a bracket,
 * - is one of PostgreSQL's DETAIL, HINT, CONTEXT, STATEMENT, QUERY, LOCATION of the message before.
 */
export const continues = (text: string): boolean =>
  text === '' || (beginnings.has(text.charCodeAt(0)) && continuation.test(text))

/** First characters of continuation lines, a quick check that rules out most lines. */
const beginnings = new Set(Array.from(' \taC.)]}^[DHSQL', it => it.charCodeAt(0)))

const continuation =
  /^(?:[ \t]|at (?:async )?\S.*[:)]\d*|Caused by\b|\.\.\. \d+ more|[)\]}]+[;,]?\s*$|\^+\s*$|(?:\[\d+\] )?(?:[\w-]+@[\w-]+ )?(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): )/

/**
 * A line looks like an error if it has
 * - a level word: ERROR, FATAL, CRITICAL, PANIC, SEVERE, EMERG, ALERT in capitals; or the same in any case in brackets,
 * as `level=error`,
 *   `"level":"error"`, or before a colon at its beginning (`error: …`); pino's numbers 50 and 60 as `"level":50`;
 * - an error's name and a colon: `TypeError: …`, `PrismaClientInitializationError: …`, `SomeException: …`;
 * - `Unhandled` (rejection, exception), `Uncaught`, `panic:`, `Traceback (most recent call last)`, `Segmentation
 * fault`;
 * - one of Node's codes: ECONNREFUSED, EADDRINUSE, ENOENT, ENOSPC … as a word;
 * - `npm ERR!`.
 * HTTP's 5xx codes don't count (such numbers are also sizes and times), nor does `0 errors`, `errors: 0`, `error:
 * null`, `"error":false`.
 */
export const looksLikeError = (text: string): boolean =>
  hint.test(text) && (sure.test(text) || (word.test(text) && !harmless.test(text)))

const codes =
  'EACCES EADDRINUSE EADDRNOTAVAIL ECONNABORTED ECONNREFUSED ECONNRESET EHOSTUNREACH EIO EISDIR EMFILE ENOENT ENOMEM ENOSPC ENOTFOUND EPERM EPIPE EROFS ETIMEDOUT'.split(
    ' ',
  )
const anyCase = (word: string): string => word.replaceAll(/[a-z]/g, it => `[${it}${it.toUpperCase()}]`)

/** Every line that looks like an error contains one of these; bytes without them need no closer look. */
export const hint = new RegExp(
  [
    ...[
      'err',
      'fatal',
      'critical',
      'panic',
      'severe',
      'emerg',
      'alert',
      'exception',
      'unhandled',
      'uncaught',
      'traceback',
      'segmentation',
    ].map(anyCase),
    ...codes.filter(it => !/ERR/.test(it)),
    '"level":[56]0',
  ].join('|'),
)

const sure = new RegExp(
  [
    '\\b(?:ERROR|FATAL|CRITICAL|PANIC|SEVERE|EMERG|ALERT)\\b(?!:? *(?:0|null|none|false)\\b)',
    '\\b[A-Z]\\w*(?:Error|Exception)\\b(?:: | \\[|:$| at |$)',
    '\\b(?:Unhandled|Uncaught|unhandled(?:Rejection|Exception)|uncaughtException)\\b',
    '^Error(?:: | \\[|$)',
    '^panic: ',
    'Traceback \\(most recent call last\\)',
    'Segmentation fault',
    `\\b(?:${codes.join('|')})\\b`,
    '\\bnpm ERR!',
    '"level":(?:50|60)\\b',
  ].join('|'),
)
const word =
  /(?:^|[[(<{|]\s*)(?:error|fatal|critical|panic|severe|emerg|alert)(?:\s*[\])>}|]|:)|\blevel["']?\s*[=:]\s*["']?(?:error|fatal|critical|panic|severe|emerg|alert)\b/i
const harmless = /\b(?:no|0|without) (?:error|fatal)|\berrors?["']?\s*[:=]\s*(?:0|null|none|false|\[\]|"")(?![\w.])/i
