/** What an instance's `.env` and db-config.json should say, according to its config.json. */
import { parse } from 'dotenv'
import { loopback } from '../../shared/address'
import type { InstanceConfig } from '../../shared/instance'
import { setEnv, type EnvValues } from '../workspace/env-file'

/** The keys of `.env` that are the instance's own. */
const urls = ['DATABASE_URL', 'DIRECT_URL'] as const

const expected = ({ name, port, database }: InstanceConfig): Readonly<Record<string, string>> => ({
  DATABASE_URL: database.url,
  DIRECT_URL: database.directUrl,
  PORT: String(port),
  INSTANCE_NAME: name,
})

/** The keys whose values are missing or mean something else. */
export function differingKeys(env: string, config: InstanceConfig): string[] {
  const found = parse(env)
  return Object.entries(expected(config))
    .filter(([key, value]) => !means(key, found[key], value))
    .map(([key]) => key)
}

/** The text of `.env` with these keys as they should be. Options that somebody added to a URL stay. */
export function fixEnv(env: string, config: InstanceConfig): string {
  const found = parse(env)
  const values: EnvValues = Object.fromEntries(
    Object.entries(expected(config))
      .filter(([key, value]) => !means(key, found[key], value))
      .map(([key, value]) => [key, isUrl(key) ? withOptions(value, found[key]) : value]),
  )
  return setEnv(env, values)
}

/** The keys of db-config.json that are missing or differ; undefined if it isn't JSON. */
export function differingDatabase(text: string, { database }: InstanceConfig): string[] | undefined {
  const found = objectIn(text)
  if (!found) return undefined
  return Object.entries(database)
    .filter(([key, value]) => JSON.stringify(found[key]) !== JSON.stringify(value))
    .map(([key]) => key)
}

/** The content of db-config.json; keys that only it has stay. */
export const fixDatabase = (text: string, { database }: InstanceConfig): object => ({
  ...objectIn(text),
  ...database,
})

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined
  } catch {
    return undefined
  }
}

const isUrl = (key: string): boolean => urls.some(it => it === key)

const means = (key: string, found: string | undefined, wanted: string): boolean =>
  found === wanted || (isUrl(key) && found !== undefined && isSameConnection(found, wanted))

/** Whether it leads to the same place with the same login, and has all the options that it should have. */
function isSameConnection(found: string, wanted: string): boolean {
  if (!URL.canParse(found) || !URL.canParse(wanted)) return false
  const [its, due] = [new URL(found), new URL(wanted)]
  return (
    partsOf(its).join('\n') === partsOf(due).join('\n') &&
    [...due.searchParams].every(([key, value]) => its.searchParams.get(key) === value)
  )
}

/** `postgres:` and `localhost` are other words for the same. */
const partsOf = ({ protocol, username, password, hostname, port, pathname }: URL): string[] => [
  protocol.replace(/^postgres:$/, 'postgresql:'),
  username,
  password,
  hostname === 'localhost' ? loopback : hostname,
  port,
  pathname,
]

function withOptions(wanted: string, found: string | undefined): string {
  if (found === undefined || !URL.canParse(found) || !URL.canParse(wanted)) return wanted
  const [due, options] = [new URL(wanted), [...new URL(found).searchParams]]
  // `pgbouncer` says which of the two servers it is for, so it isn't carried over
  const added = options.filter(([key]) => key !== 'pgbouncer' && !due.searchParams.has(key))
  if (added.length === 0) return wanted
  for (const [key, value] of added) due.searchParams.append(key, value)
  return due.href
}
