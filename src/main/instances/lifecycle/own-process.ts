/** Which of PM2's processes is an instance's: its name and its folder. A namesake from elsewhere is not. */
import type { ProcessInfo, ProcessRef, ProcessStatus } from '../../processes/client'
import { sameFolder } from '../../processes/leftovers'

/** Those of the name and folder. */
export async function ownedBy<T extends ProcessRef & { readonly pid?: number }>(
  all: readonly T[],
  { name, cwd }: ProcessRef,
): Promise<T[]> {
  const named = all.filter(it => it.name === name)
  const own = await Promise.all(named.map(it => sameFolder(it.cwd, cwd, it.pid)))
  return named.filter((_, index) => own[index])
}

/** The process, of several (PM2 allows that) one that runs. */
export async function ownProcess(listed: readonly ProcessInfo[], ref: ProcessRef): Promise<ProcessInfo | undefined> {
  const own = await ownedBy(listed, ref)
  return own.find(it => it.status === 'online') ?? own[0]
}

/** It runs, or comes and goes without anyone's doing. */
export const isActive = (status: ProcessStatus): boolean => status !== 'stopped' && status !== 'errored'
