/** Parsers for arguments and options. Each rejects bad values (Failure, usage) and says what is allowed. */
import { wrongUsage } from '../failure'
import type { Rename } from '../../../shared/schema'

export const rejected = (message: string): Error => wrongUsage(message, 'Run it with --help.')

/** @param name the value's name in the message */
const wholeNumber =
  (name: string, from: number, to: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= from && value <= to) return value
    throw rejected(`“${text}” isn’t ${name} (${from} to ${to}).`)
  }

export const port = wholeNumber('a port', 1024, 65_535)

export const lineCount = wholeNumber('a valid number of lines', 1, 1_000_000)

export const atOnce = wholeNumber('a valid number of instances at once', 1, 16)

export const processNumber = wholeNumber('a process number', 1, 2 ** 31 - 1)

const bootTime = wholeNumber('a boot time in seconds', 1, 3600)
export const bootSeconds = (text: string): number | 'default' => (text === 'default' ? text : bootTime(text))

/** `TABLE.OLD=NEW` for a column, `OLD=NEW` for a table. @param before those given already */
export function rename(text: string, before: readonly Rename[] = []): Rename[] {
  const [, table, from, to] = /^(?:([^.=]+)\.)?([^.=]+)=([^.=]+)$/.exec(text) ?? []
  if (from === undefined || to === undefined)
    throw rejected(`“${text}” is neither TABLE.OLD=NEW (for a column) nor OLD=NEW (for a table).`)
  return [...before, table === undefined ? { kind: 'table', from, to } : { kind: 'column', table, from, to }]
}

/** @param before those given already */
export const repeated = (text: string, before: readonly string[] = []): string[] => [...before, text]

export const oneOf =
  (values: readonly string[]) =>
  (text: string): string => {
    if (values.includes(text)) return text
    throw rejected(`“${text}” isn’t one of ${values.join(', ')}.`)
  }

const unitLengths: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @returns milliseconds since 1970 */
export function since(text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? []
  const time = amount === undefined ? Date.parse(text) : Date.now() - Number(amount) * (unitLengths[unit] ?? 0)
  if (time >= 0) return Math.floor(time)
  throw rejected(`“${text}” is neither a duration (30s, 10m, 2h, 7d) nor a time (2026-01-31T12:00).`)
}
