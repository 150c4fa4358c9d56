/**
 * What Linux knows about processes. The only place that reads /proc for this. A process that ends meanwhile counts as
 * absent.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

/**
 * When a process started, in clock ticks since boot. Together with the pid it identifies a process. Undefined if there
 * is none.
 */
export const startTime = async (pid: number): Promise<number | undefined> => (await stat(pid))?.startTime

/** When a process started, in milliseconds since 1970, to the second. Undefined if there is none. */
export async function startedAt(pid: number): Promise<number | undefined> {
  const [found, system] = await Promise.all([startTime(pid), read('/proc/stat')])
  const boot = /^btime (\d+)$/m.exec(system ?? '')?.[1]
  if (found === undefined || boot === undefined) return undefined
  return Number(boot) * 1000 + Math.floor((found * tick) / 1000) * 1000
}

/** The path of its program. Undefined if there is no such process, or it is another user's. */
export const executable = (pid: number): Promise<string | undefined> =>
  readlink(`/proc/${pid}/exe`).catch(() => undefined)

/**
 * Whether the process is running. A zombie isn't, unless one of its threads is still ending: until then it keeps its
 * files and ports.
 */
export async function isAlive(pid: number): Promise<boolean> {
  const found = await stat(pid)
  return found !== undefined && (found.state !== 'Z' || found.threads > 1)
}

/** The process's parent; undefined if there is no such process. */
export const parent = async (pid: number): Promise<number | undefined> => (await stat(pid))?.parent

/** Its children, their children and so on; not the process itself. */
export async function descendants(pid: number): Promise<number[]> {
  const of = await childrenOfAll()
  const found: number[] = []
  for (let next = of.get(pid) ?? []; next.length > 0; next = next.flatMap(it => of.get(it) ?? [])) found.push(...next)
  return found
}

/**
 * Only the program's name (`node`, `rootlessport`): the arguments may contain secrets. Undefined if there is no such
 * process.
 */
export async function program(pid: number): Promise<string | undefined> {
  const path = await executable(pid)
  if (path) return basename(path.replace(/ \(deleted\)$/, ''))
  const name = await read(`/proc/${pid}/comm`) // for another user's process; may contain a title that the process set
  return name === undefined ? undefined : basename(name.trim().split(' ')[0] ?? '')
}

/**
 * The environment with which a process was started; empty if there is none or it is another user's. May contain
 * secrets.
 */
export async function environmentOf(pid: number): Promise<ReadonlyMap<string, string>> {
  const entries = ((await read(`/proc/${pid}/environ`)) ?? '').split('\0').filter(it => it.includes('='))
  return new Map(entries.map(it => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)]))
}

const read = (path: string): Promise<string | undefined> => readFile(path, 'utf8').catch(() => undefined)

/** Sends SIGKILL. Does nothing if the process is gone, or isn't ours to end. @param pid negative for a process group */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    /* already gone */
  }
}

/** The pids of all processes. */
export const allPids = async (): Promise<number[]> =>
  (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)

/**
 * CPU time so far in milliseconds, and resident memory in bytes. Undefined if there is no such process. Synchronous: a
 * read takes 10 µs, a promise ten times as long.
 */
export function usageOf(pid: number): { cpuTime: number; memory: number } | undefined {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/stat`, 'r')
    const text = statBuffer.toString('latin1', 0, readSync(file, statBuffer, 0, statBuffer.length, 0))
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { cpuTime: (Number(fields[11]) + Number(fields[12])) * tick, memory: Number(fields[21]) * pageSize() }
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Whether a process is running; a zombie has no memory any more. Synchronous, as `usageOf`. */
export const runsNow = (pid: number): boolean => (usageOf(pid)?.memory ?? 0) > 0

const statBuffer = Buffer.alloc(1024) // a third of it is used; `readFileSync` would allocate 64 KB, as the file has no size

const tick = 10 // ms: the unit of time in /proc

let knownPageSize: number | undefined

/**
 * Bytes: 4096 almost everywhere, more on some arm64 machines. From the auxiliary vector that the kernel gives every
 * program: pairs of a key and a value.
 */
function pageSize(): number {
  if (knownPageSize !== undefined) return knownPageSize
  const vector = readFileSync('/proc/self/auxv')
  const keys = Array.from({ length: vector.length / 16 }, (_, index) => index * 16)
  const found = keys.find(it => vector.readBigUInt64LE(it) === 6n) // AT_PAGESZ
  knownPageSize = found === undefined ? 4096 : Number(vector.readBigUInt64LE(found + 8))
  return knownPageSize
}

interface Stat {
  readonly state: string
  readonly parent: number
  readonly threads: number
  readonly startTime: number
}

async function stat(pid: number): Promise<Stat | undefined> {
  const text = await read(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ') // the name before it may contain spaces and brackets
  return {
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    threads: Number(fields[17]),
    startTime: Number(fields[19]),
  }
}

async function childrenOfAll(): Promise<Map<number, number[]>> {
  const of = new Map<number, number[]>()
  await Promise.all(
    (await allPids()).map(async pid => {
      const above = await parent(pid)
      if (above !== undefined) of.set(above, [...(of.get(above) ?? []), pid])
    }),
  )
  return of
}
