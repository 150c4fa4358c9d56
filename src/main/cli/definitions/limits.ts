/** `limits`: what an instance may take from PostgreSQL. */
import { uncapital } from '../../../shared/amounts'
import { limitsJob } from '../../../shared/jobs/limits'
import { limitNames, limitSchemas, wordsOfLimit, type LimitName } from '../../../shared/limits'
import type { LimitOptions } from '../commands/limits'
import type { Grammar } from '../grammar'
import { rejected } from './values'

export function limits(program: Grammar): void {
  const command = program
    .add(limitsJob.kind, 'Show or change how much of PostgreSQL an instance may use. No client is disconnected.')
    .argument('<name>', 'an instance')
    .completes('name', 'instance')
  for (const name of limitNames) {
    const { option, explanation, open } = wordsOfLimit(name)
    const removed = open ? '“none” removes the limit' : '“default” restores the default'
    command.option(`--${option} <${placeholder(name)}>`, `${uncapital(explanation)} ${removed}`, parserOf(name))
  }
  command
    .example('limits school', 'show them, and how many connections all running instances may use together')
    .example('limits school --pool 10 --connections 60', 'a busy instance')
    .example(
      'limits school --statement-timeout 30s --temp-files 2GB',
      'stop queries that take too long or use too much disk space',
    )
    .example('limits school --pool default --statement-timeout none', 'back to the defaults')
    .does(async (session, options: LimitOptions, name: string) =>
      (await import('../commands/limits')).limits(session, name, options),
    )
}

const units: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  seconds: { '': 1, s: 1, m: 60, min: 60, h: 3600 },
  MB: { '': 1, MB: 1, GB: 1024 },
  connections: { '': 1 },
}

const placeholder = (name: LimitName): string =>
  ({ seconds: 'duration', MB: 'size' })[wordsOfLimit(name).unit] ?? 'number'

/** @returns null for the default; wrong values end the command */
const parserOf =
  (name: LimitName) =>
  (text: string): number | null => {
    const { unit, open, from, to } = wordsOfLimit(name)
    if (text === (open ? 'none' : 'default')) return null
    const [, amount, of = ''] = /^(\d{1,9})([A-Za-z]*)$/.exec(text) ?? []
    const value = Number(amount) * (units[unit]?.[of] ?? NaN)
    if (limitSchemas[name].safeParse(value).success) return value
    const like = { seconds: ', like 30s, 10m or 2h', MB: ', like 500MB or 2GB' }[unit] ?? ''
    throw rejected(
      `“${text}” isn’t allowed here. Use ${from} to ${to.toLocaleString('en')} ${unit}${like}, or “${open ? 'none' : 'default'}”.`,
    )
  }
