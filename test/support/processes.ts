/** Finds and ends a test's processes by the folder they belong to. Linux only: it reads /proc. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

/** The processes whose command, environment or working folder mentions `folder`, except this one. */
export async function processesIn(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)
  const mentions = await Promise.all(
    pids.map(async pid => {
      const texts = await Promise.all([
        readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
        readFile(`/proc/${pid}/environ`, 'latin1').catch(() => ''),
        readlink(`/proc/${pid}/cwd`).catch(() => ''),
      ])
      return texts.some(it => it.includes(folder))
    }),
  )
  return pids.filter((pid, index) => mentions[index] && pid !== process.pid)
}

/**
 * Ends them: gracefully first, so that PostgreSQL frees its shared memory; after 10 s by force. @throws if any survive
 */
export async function endProcessesIn(folder: string): Promise<void> {
  const started = performance.now()
  const told = new Set<number>()
  for (;;) {
    const pids = await processesIn(folder)
    if (pids.length === 0) return
    const elapsed = performance.now() - started
    if (elapsed > 20_000) throw new Error(`processes of ${folder} won’t end: ${pids.join(', ')}`)
    for (const pid of pids) {
      if (elapsed > 10_000) end(pid, 'SIGKILL')
      else if (!told.has(pid)) end(pid, 'SIGTERM')
      told.add(pid)
    }
    await delay(100)
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    /* it is gone already */
  }
}
