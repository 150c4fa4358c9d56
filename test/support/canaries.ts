/** Looks for secrets where there must be none. */
import { readdir, readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'

/**
 * Every file below a folder that contains one of the texts, relative to the folder. Skips what npm installed and what
 * Git tracks.
 */
export async function filesWith(folder: string, texts: readonly string[]): Promise<string[]> {
  const lines = texts.flatMap(it => it.split('\n'))
  const { stdout, exitCode } = await execa(
    'grep',
    [
      '--recursive',
      '--files-with-matches',
      '--fixed-strings',
      '--binary-files=text',
      '--devices=skip',
      '--no-messages',
      '--exclude-dir=node_modules',
      '--exclude-dir=releases',
      '--file=-',
      folder,
    ],
    { input: lines.join('\n'), reject: false, timeout: 60_000 },
  )
  // 2: a file disappeared
  if (exitCode !== 0 && exitCode !== 1 && exitCode !== 2) throw new Error(`grep ended with ${exitCode ?? 'a signal'}`)
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(it => relative(folder, it))
    .toSorted()
}

export interface ArgumentWatch {
  /** Stops watching. @returns every command line that was seen */
  end(): Promise<readonly string[]>
}

/** Polls the arguments of all processes. */
export function watchArguments(): ArgumentWatch {
  const seen = new Set<string>()
  const ended = new AbortController()
  const watching = (async () => {
    while (!ended.signal.aborted) {
      const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it))
      for (const line of await Promise.all(pids.map(it => readFile(`/proc/${it}/cmdline`, 'utf8').catch(() => ''))))
        seen.add(line.replaceAll('\0', ' '))
      await delay(10)
    }
  })()
  return {
    async end() {
      ended.abort()
      await watching
      return [...seen]
    },
  }
}
