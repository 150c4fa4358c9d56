/** Checks of what requests bring; each returns the clean value or throws a RequestError that names the field. */
import { RequestError } from './errors.js'

/** Trimmed text of 1 to `max` characters on one line. */
export function text(body, field, max) {
  const value = body?.[field]
  if (typeof value !== 'string' || value.trim() === '') throw new RequestError(400, 'Please fill this in.', field)
  if (value.trim().length > max) throw new RequestError(400, `At most ${max} characters.`, field)
  if (/\p{Cc}/u.test(value.trim())) throw new RequestError(400, 'No control characters.', field)
  return value.trim()
}

/** A password: any characters, 1 to 200. */
export function password(body, field) {
  const value = body?.[field]
  if (typeof value !== 'string' || value === '' || value.length > 200) throw new RequestError(400, 'Please fill this in.', field)
  return value
}

/** The id of a row, or undefined where none is given. */
export function optionalId(body, field) {
  const value = body?.[field]
  if (value === undefined || value === null || value === '') return undefined
  if (!Number.isInteger(value) || value < 1 || value > 2_147_483_647) throw new RequestError(400, 'This is not a valid choice.', field)
  return value
}

/** A DNA sequence of 1 to 10,000 bases, in upper case, white space removed. */
export function sequence(body, field) {
  const value = body?.[field]
  if (typeof value !== 'string' || value.trim() === '') throw new RequestError(400, 'Please fill this in.', field)
  const bases = value.replace(/\s/g, '').toUpperCase()
  if (bases.length > 10_000) throw new RequestError(400, 'At most 10,000 bases.', field)
  if (!/^[ACGTN]+$/.test(bases)) throw new RequestError(400, 'Only the bases A, C, G, T, and N for unknown.', field)
  return bases
}
