/**
 * Settings that an instance takes over from the base application's `.env` with its new code. Plans contain only their
 * keys; values are read when they are needed.
 */
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { ownedKeys } from '../../../shared/environment'
import type { ExchangePlan } from '../../../shared/jobs/rebuild'
import { problem } from '../../../shared/problem'
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { Manifest } from '../../../shared/workspace'
import { readIfExists, removeTemporary } from '../../system/files'
import { setEnv, unsetEnv, writeEnv, type EnvValues } from '../../workspace/env-file'
import type { InstancePaths } from '../../workspace/paths'
import { readBaseEnv } from '../create/plan'
import { pathsOf, type RebuildServices } from './services'

/** Every instance has its own values for these, whatever the base application's are. */
const ownKeys = new Set([...ownedKeys, 'JWT_SECRET'])

/** Returns only names, never values. @param keys those that the instance has */
export async function newKeys(
  root: string,
  manifest: Manifest,
  keys: readonly string[],
): Promise<RebuildReview['env']> {
  const [base, example] = await Promise.all([
    readBaseEnv(root, manifest),
    readIfExists(join(root, manifest.server.folder, '.env.example')),
  ])
  const lacks = (it: string): boolean => !keys.includes(it) && !ownKeys.has(it)
  return {
    offered: Object.keys(base)
      .filter(it => base[it] && lacks(it))
      .map(key => ({ key, copied: manifest.env.copy.includes(key) })),
    exampleOnly: Object.keys(parse(example ?? '')).filter(it => !base[it] && lacks(it)),
  }
}

/** The wanted keys that the instance lacks. @throws Problem `env-key-unknown` for a key that it can't get */
export async function keysToTake(
  root: string,
  manifest: Manifest,
  { env }: Pick<InstancePaths, 'env'>,
  wanted: readonly string[],
): Promise<string[]> {
  const has = Object.keys(parse((await readIfExists(env)) ?? ''))
  const offered = (await newKeys(root, manifest, has)).offered.map(it => it.key)
  const keys = [...new Set(wanted)].filter(it => !has.includes(it))
  const unknown = keys.find(it => !offered.includes(it))
  if (unknown === undefined) return keys
  throw problem({
    code: 'env-key-unknown',
    message: `An instance can’t get ${unknown} from the base application’s .env.`,
    cause: ownKeys.has(unknown)
      ? 'Each instance has its own value.'
      : `It isn’t in ${manifest.server.folder}/.env, or has no value there.`,
  })
}

type Services = Pick<RebuildServices, 'paths'>

/** An instance's `.env` with its new settings. Keys that it already has stay as they are. */
export async function withNewSettings(services: Services, plan: ExchangePlan, text: string): Promise<string> {
  const has = parse(text)
  const values = Object.entries(await valuesOf(services, plan)).filter(([key]) => !Object.hasOwn(has, key))
  return values.length > 0 ? setEnv(text, Object.fromEntries(values)) : text
}

/** Safe to repeat. */
export async function takeNewSettings(services: Services, plan: ExchangePlan): Promise<void> {
  if (!plan.env?.length) return
  const { env } = pathsOf(services, plan)
  await removeTemporary(dirname(env)) // left by a crash
  await writeEnv(env, await withNewSettings(services, plan, (await readIfExists(env)) ?? ''))
}

/** Removes them again, unless they have been changed since. */
export async function leaveNewSettings(services: Services, plan: ExchangePlan): Promise<void> {
  if (!plan.env?.length) return
  const { env } = pathsOf(services, plan)
  await removeTemporary(dirname(env)) // left by a crash
  const text = (await readIfExists(env)) ?? ''
  const [has, values] = [parse(text), await valuesOf(services, plan)]
  const keys = plan.env.filter(it => Object.hasOwn(has, it) && has[it] === values[it])
  if (keys.length > 0) await writeEnv(env, unsetEnv(text, keys))
}

async function valuesOf({ paths }: Services, { env = [], manifest }: ExchangePlan): Promise<EnvValues> {
  if (env.length === 0) return {}
  const base = await readBaseEnv(paths.root, manifest)
  return Object.fromEntries(env.flatMap(it => (base[it] ? [[it, base[it]]] : [])))
}
