/** PostgreSQL's own configuration files, read and replaced inside its container. Bytes: they needn't be UTF-8. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { problem } from '../../../shared/problem'
import type { Driver } from '../drivers/driver'
import { serviceOf } from '../services'

/** Milliseconds. */
const timeout = 20_000

/** Replaces the file only if all of the content has arrived: if we crash, the script gets only half of it. */
const replaceScript = `set -e
cp -p "$1" "$1.new"
cat > "$1.new"
[ "$(wc -c < "$1.new")" -eq "$2" ] || { rm -f "$1.new"; exit 1; }
sync
mv "$1.new" "$1"
sync`

/** @param path absolute, as PostgreSQL sees it @throws as `StartTool` */
export const readInside = (driver: Driver, path: string, signal: AbortSignal): Promise<Buffer> =>
  inside(driver, ['cat', path], signal)

/** Safe to repeat. Owner and mode stay. @throws as `StartTool`: e.g. if it is mounted read-only */
export async function writeInside(driver: Driver, path: string, content: Buffer, signal: AbortSignal): Promise<void> {
  if ((await readInside(driver, path, signal)).equals(content)) return
  await inside(driver, ['sh', '-c', replaceScript, 'sh', path, String(content.length)], signal, content)
}

async function inside(
  { tool }: Driver,
  [file = '', ...args]: readonly string[],
  signal: AbortSignal,
  input?: Buffer,
): Promise<Buffer> {
  if (!tool) throw problem({ code: 'nothing-to-harden', message: 'This driver has no containers.' })
  const { stdout, ended } = await tool(serviceOf('postgres'), file, args, {
    signal,
    timeout,
    ...(input && { input: Readable.from([input]) }),
  })
  const [output] = await Promise.all([buffer(stdout), ended])
  return output
}
