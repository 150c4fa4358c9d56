/** Known secrets, in every form in which a log may contain them, for the view to mask. */
import { parse } from 'dotenv'
import { isSecretName, passwordsInUrl } from '../../shared/secret-names'

/** Shorter values, and words common in logs, would mask ordinary text. */
const shortest = 4
const harmless = /^(?:true|false|none|null|undefined|yes|no|on|off|localhost|development|production|test|\d{1,5})$/i

/** @param env the text of a `.env` file */
export const secretsInEnv = (env: string): string[] => secretsInVariables(Object.entries(parse(env)))

export const secretsInVariables = (variables: readonly (readonly [key: string, value: string])[]): string[] =>
  variables.flatMap(([key, value]) => [...(isSecretName(key) ? [value] : []), ...passwordsInUrl(value)])

/**
 * Each secret verbatim, line by line, URL-encoded (percent and form encoding) and JSON-escaped, except values that are
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
