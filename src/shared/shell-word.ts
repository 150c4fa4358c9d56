/** A text as one word of a POSIX shell's command line, quoted only if it must be, and without a backslash. */
export const shellWord = (text: string): string =>
  /^[\w@+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
