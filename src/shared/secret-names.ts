/**
 * Which names denote secrets: the only list, used wherever values are masked (an instance's details, logs, messages).
 * Values known to be secret are masked everywhere, whatever their names.
 */

/** Substrings of names, and `_KEY` at the end of one. */
const words =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credential|salt|cookie|(?:api|access|private|encryption|signing|auth)_?key|_key\\b'

const secretName = new RegExp(`${words}|^key$`, 'i')

/** Names of an instance's settings whose values are always shown. */
const harmlessNames = new Set([
  'PORT',
  'HOST',
  'NODE_ENV',
  'INSTANCE_NAME',
  'TZ',
  'LOG_LEVEL',
  'S3_REGION',
  'S3_BUCKET_NAME',
  'EMAIL_USER',
])

/** Whether the name suggests that the value is secret. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/** Whether a setting of that name may be shown unmasked. Any other might be a secret: applications choose the names. */
export const isHarmlessName = (name: string): boolean => harmlessNames.has(name)

/** As bcrypt, argon2, scrypt, PBKDF2 and LDAP write passwords. */
const passwordHash =
  /^(?:\$2[abxy]?\$\d\d\$|\$argon2|\$(?:5|6|7|y|scrypt|pbkdf2)[^$]*\$|pbkdf2|scrypt:|SCRAM-SHA-|\{S?SHA)/i

/** Whether a stored value is a password's hash, whatever its name. */
export const holdsSecret = (value: string): boolean => passwordHash.test(value)

const urlWithPassword = /^([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):(.*)@/i
const urlsInText = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):\S*@/gi // to the last @: a password may hold one
const assignmentsInText = new RegExp(`((?:${words})[\\w-]*["']?\\s*[:=]\\s*)("[^"]*"|'[^']*'|[^\\s,;]+)`, 'gi')

/** The password in a URL, both as written and decoded. */
export function passwordsInUrl(value: string): string[] {
  const password = urlWithPassword.exec(value)?.[2]
  if (!password) return []
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** Masks passwords in URLs and values assigned to secret names, in any text. */
export const maskSecrets = (text: string): string =>
  text.replace(urlsInText, '$1:***@').replace(assignmentsInText, '$1***')
