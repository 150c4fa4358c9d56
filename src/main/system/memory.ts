/** How much memory a program takes that consists of many processes, such as PostgreSQL. */
import { readFile } from 'node:fs/promises'
import { descendants } from './proc'

/**
 * Bytes that a process and its descendants take: what each has for itself, and the memory that they share once. (The
 * sum of their resident sizes would count the shared memory for each.) Undefined if there is no such process.
 */
export async function memoryOfTree(pid: number): Promise<number | undefined> {
  const all = await Promise.all([pid, ...(await descendants(pid))].map(memoryOf))
  const found = all.filter(it => it !== undefined)
  if (found.length === 0) return undefined
  return found.reduce((sum, it) => sum + it.own, 0) + Math.max(...found.map(it => it.shared))
}

async function memoryOf(pid: number): Promise<{ own: number; shared: number } | undefined> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const bytesOf = (key: string): number | undefined => {
    const kilobytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  }
  const own = bytesOf('RssAnon') // absent for a zombie
  return own === undefined ? undefined : { own, shared: bytesOf('RssShmem') ?? 0 }
}
