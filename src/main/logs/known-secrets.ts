/** The secrets that we know, in all the forms that a log may show them in: what the view masks. */
import { parse } from 'dotenv'
import { isSecretName, passwordsInUrl } from '../../shared/secret-names'

/** Shorter values, and those that are words of every log, would mask what is no secret. */
const shortest = 4
const harmless = /^(?:true|false|none|null|undefined|yes|no|on|off|localhost|development|production|test|\d{1,5})$/i

/** @param env the text of a `.env` */
export const secretsInEnv = (env: string): string[] =>
  Object.entries(parse(env)).flatMap(([key, value]) => [
    ...(isSecretName(key) ? [value] : []),
    ...passwordsInUrl(value),
  ])

/**
 * Each secret as it is, by line, URL-encoded (fully, and as a form does) and as JSON writes it; without those that are
 * too common.
 */
export function formsOf(secrets: readonly string[]): string[] {
  const lines = secrets.flatMap(it => it.split(/\r?\n/)).map(it => it.trim())
  const forms = [...new Set(lines)]
    .filter(it => it.length >= shortest && !harmless.test(it))
    .flatMap(it => [it, encoded(it), encoded(it).replaceAll('%20', '+'), JSON.stringify(it).slice(1, -1)])
  return [...new Set(forms)]
}

function encoded(text: string): string {
  try {
    return encodeURIComponent(text)
  } catch {
    return text
  } // half a character
}
