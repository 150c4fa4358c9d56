/**
 * Stand-ins for systemctl, loginctl and crontab, where neither systemd nor cron runs. They do what ours need of them
 * and write down how they were called.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfExists } from '../../src/main/system/files'

export interface FakeStarters {
  /** To be first in PATH. */
  readonly bin: string
  /** All calls since the last time, in order. */
  calls(): Promise<string[]>
  /** Makes systemctl, loginctl or `crontab -l` fail with this message; undefined: work again. */
  refuse(program: 'systemctl' | 'loginctl' | 'crontab', message: string | undefined): Promise<void>
  /** The crontab; undefined: none. */
  crontab(): Promise<string | undefined>
  writeCrontab(text: string): Promise<void>
}

/** @param folder an existing one @param root where systemd's files are @param units its folder of units */
export async function fakeStarters(folder: string, root: string, units: string): Promise<FakeStarters> {
  const bin = join(folder, 'bin')
  const calls = join(folder, 'calls')
  const table = join(folder, 'crontab')
  const refusal = (program: string): string => join(folder, `${program}-refuses`)
  const program = (name: string, body: string): Promise<void> =>
    writeFile(
      join(bin, name),
      `#!/bin/sh
echo "${name} $*" >> '${calls}'
if [ -e '${refusal(name)}' ]; then cat '${refusal(name)}' >&2; exit 1; fi
for last; do :; done
${body}
`,
      { mode: 0o755 },
    )
  await mkdir(bin)
  await program(
    'systemctl',
    `case "$*" in
*' enable '*) for it in default multi-user; do mkdir -p '${units}'/$it.target.wants; ln -sf ../"$last" '${units}'/$it.target.wants/; done ;;
*' disable '*) rm -f '${units}'/*.target.wants/"$last" ;;
*' show '*) echo loaded ;;
esac`,
  )
  await program(
    'loginctl',
    `mkdir -p '${root}/var/lib/systemd/linger' && touch '${root}/var/lib/systemd/linger'/"$last"`,
  )
  await program(
    'crontab',
    `case "$1" in
-l) cat '${table}' 2>/dev/null || { echo 'no crontab for ada' >&2; exit 1; } ;;
-r) rm '${table}' ;;
-) cat > '${table}' ;;
esac`,
  )
  return {
    bin,
    async calls() {
      const text = (await readIfExists(calls)) ?? ''
      await rm(calls, { force: true })
      return text.split('\n').filter(Boolean)
    },
    refuse: (name, message) => (message === undefined ? rm(refusal(name)) : writeFile(refusal(name), `${message}\n`)),
    crontab: () => readFile(table, 'utf8').catch(() => undefined),
    writeCrontab: text => writeFile(table, text),
  }
}
