/** Finds an instance's process in PM2, by name and folder: a namesake elsewhere doesn't count. */
import type { ProcessInfo, ProcessRef, ProcessStatus } from '../../processes/client'
import { sameFolder } from '../../processes/leftovers'

/** The processes with this name and folder. */
export async function ownedBy<T extends ProcessRef & { readonly pid?: number }>(
  all: readonly T[],
  { name, cwd }: ProcessRef,
): Promise<T[]> {
  const named = all.filter(it => it.name === name)
  const own = await Promise.all(named.map(it => sameFolder(it.cwd, cwd, it.pid)))
  return named.filter((_, index) => own[index])
}

/** The process; if there are several (PM2 allows that), preferably one that is online. */
export async function ownProcess(listed: readonly ProcessInfo[], ref: ProcessRef): Promise<ProcessInfo | undefined> {
  const own = await ownedBy(listed, ref)
  return own.find(it => it.status === 'online') ?? own[0]
}

/** It is running, or PM2 is about to start it. */
export const isActive = (status: ProcessStatus): boolean => status !== 'stopped' && status !== 'errored'
