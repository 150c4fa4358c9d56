/**
 * Moves processes from the former daemon to the current one, as they are: those that aren't ours, and those that aren't
 * running. Each is ended and started again, or only listed if it is stopped. What the daemon knows about them may be
 * secret, so it is never in a journal: a file in PM2's own folder keeps it, as PM2's dump does, until all are moved.
 */
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { toProblem } from '../../shared/problem'
import { readIfExists, writeFileAtomic } from '../system/files'
import { intoCopy, runtime } from '../system/runtime'
import { pm2Paths } from './daemon'
import type { Daemons } from './daemons'
import { maxDumpBytes } from './dump'
import { definitionOfListed, entriesSchema, savedSchema, toInfo, type ProcessInfo } from './entries'

const definitionsSchema = z.array(z.looseObject({ name: z.string(), pm_cwd: z.string() }))
type Definition = z.infer<typeof definitionsSchema>[number]

/**
 * Safe to repeat, whenever it was interrupted. @param stays whether the former daemon keeps it for now
 * @returns why a process couldn't be started again, a sentence each: it is listed as stopped
 */
export async function handOver(
  home: string,
  daemons: Daemons,
  stays: (process: ProcessInfo) => boolean | Promise<boolean>,
): Promise<string[]> {
  const { moving } = pm2Paths(home)
  const failures: string[] = []
  for (;;) {
    const interrupted = await readIfExists(moving, maxDumpBytes)
    const definitions = definitionsSchema.parse(
      interrupted === undefined ? await leftWith(daemons, stays) : JSON.parse(interrupted),
    )
    if (definitions.length === 0) break
    if (interrupted === undefined) await writeFileAtomic(moving, JSON.stringify(definitions), 0o600)
    for (const [index, it] of definitions.entries())
      failures.push(...(await moveOne(daemons, it, definitions.slice(0, index + 1))))
    await rm(moving)
  }
  await daemons.settle()
  return failures
}

/** The definitions of all that is to be moved, in the order in which they were started. */
async function leftWith(daemons: Daemons, stays: Parameters<typeof handOver>[2]): Promise<unknown[]> {
  const raw = await daemons.list()
  const found: unknown[] = []
  for (const [index, entry] of entriesSchema.parse(raw).entries()) {
    if (!entry.former || (await stays(toInfo(entry)))) continue
    // PM2 starts a definition unless one of these says otherwise
    const how = toInfo(entry).status === 'stopped' ? { status: 'stopped' } : { status: '', autostart: true }
    for (const it of savedSchema.parse([raw[index]])) found.push({ ...definitionOfListed(it), ...how })
  }
  const { copy } = await runtime()
  const text = JSON.stringify(found)
  return JSON.parse(copy === undefined ? text : intoCopy(text, copy)) as unknown[]
}

/** @param due up to this one: an app may have several processes @returns why it couldn't be started, if it couldn't */
async function moveOne(daemons: Daemons, definition: Definition, due: readonly Definition[]): Promise<string[]> {
  const isIts = (other: Pick<Definition, 'name' | 'pm_cwd'>): boolean =>
    other.name === definition.name && other.pm_cwd === definition.pm_cwd
  const listed = entriesSchema.parse(await daemons.list()).filter(it => isIts({ ...it.pm2_env, name: it.name }))
  const left = listed.find(it => it.former)
  const moved = listed.filter(it => !it.former)
  if (left) await daemons.unlist(left)
  if (!left && moved.length >= due.filter(isIts).length) return []
  try {
    await daemons.current.act('prepare', definition)
    return []
  } catch (error) {
    const { code, cause } = toProblem(error)
    if (code !== 'pm2-refused') throw error // it is tried again
    await daemons.current.act('prepare', { ...definition, status: 'stopped' })
    return [`“${definition.name}” couldn’t be started again: ${cause}`]
  }
}
