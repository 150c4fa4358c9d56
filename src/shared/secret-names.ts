/**
 * What counts as a secret, by its name: the one list, for all that masks values: an instance's details, logs, messages.
 * Values that we know to be secret are masked wherever they stand, whatever they are called.
 */

/** Parts of names. The end of one, for what is called `…_KEY`. */
const words =
  'pass(?:word|wd|phrase)?|pwd|secret|token|credential|salt|cookie|(?:api|access|private|encryption|signing|auth)_?key|_key\\b'

const secretName = new RegExp(`${words}|^key$`, 'i')

/** Names of settings of an instance that are shown to anyone who sees it. */
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

/** Whether a value of that name is a secret, as far as its name tells. */
export const isSecretName = (name: string): boolean => secretName.test(name)

/**
 * Whether a setting of that name is shown as it is. Of any other we can't be sure: an application may call a secret
 * what it likes.
 */
export const isHarmlessName = (name: string): boolean => harmlessNames.has(name)

const urlWithPassword = /^([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):(.*)@/i
const urlsInText = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):\S*@/gi // to the last @: a password may hold one
const assignmentsInText = new RegExp(`((?:${words})[\\w-]*["']?\\s*[:=]\\s*)("[^"]*"|'[^']*'|[^\\s,;]+)`, 'gi')

/** The password in a URL, as it stands there and decoded. */
export function passwordsInUrl(value: string): string[] {
  const password = urlWithPassword.exec(value)?.[2]
  if (!password) return []
  try {
    return [password, decodeURIComponent(password)]
  } catch {
    return [password]
  }
}

/** Hides passwords in URLs, and what is assigned to a secret's name, in text of whatever form. */
export const maskSecrets = (text: string): string =>
  text.replace(urlsInText, '$1:***@').replace(assignmentsInText, '$1***')
