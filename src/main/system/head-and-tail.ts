/** Shortens long output for display. */

/**
 * Characters of a failed command's output that a Problem shows, from its beginning and its end. Tools give the reason
 * first (npm, before its usage) or last.
 */
const headLength = 2000
const tailLength = 4000

/** The beginning and end of a text in whole lines, and the number of lines left out between them. */
export function headAndTail(text: string): string {
  const whole = text.trim()
  if (whole.length <= headLength + tailLength) return whole
  const head = whole.slice(0, headLength).replace(/\n[^\n]*$/, '')
  const tail = whole.slice(-tailLength).replace(/^[^\n]*\n/, '')
  const left = whole.slice(head.length, whole.length - tail.length).split('\n').length - 2
  return `${head}\n… ${left > 0 ? `${left} ${left === 1 ? 'line' : 'lines'}` : 'the rest of a long line'} left out …\n${tail}`
}
