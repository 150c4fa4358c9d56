/** PostgreSQL's own configuration files, read and replaced inside its container. */
import { text } from 'node:stream/consumers'
import { problem } from '../../../shared/problem'
import type { Driver } from '../drivers/driver'
import { serviceOf } from '../services'

/** Milliseconds. */
const timeout = 20_000

/** The whole content is checked for before it takes the old one's place: if we crash, the script sees half of it. */
const replaceScript = `set -e
cp -p "$1" "$1.new"
cat > "$1.new"
[ "$(wc -c < "$1.new")" -eq "$2" ] || { rm -f "$1.new"; exit 1; }
sync
mv "$1.new" "$1"
sync`

/** @param path absolute, as PostgreSQL sees it @throws as `StartTool` */
export const readInside = (driver: Driver, path: string, signal: AbortSignal): Promise<string> =>
  inside(driver, ['cat', path], signal)

/** Safe to repeat. Owner and mode stay. @throws as `StartTool`: e.g. if it is mounted read-only */
export async function writeInside(driver: Driver, path: string, content: string, signal: AbortSignal): Promise<void> {
  if ((await readInside(driver, path, signal)) === content) return
  const bytes = String(Buffer.byteLength(content))
  await inside(driver, ['sh', '-c', replaceScript, 'sh', path, bytes], signal, content)
}

async function inside(
  { tool }: Driver,
  [file = '', ...args]: readonly string[],
  signal: AbortSignal,
  input?: string,
): Promise<string> {
  if (!tool) throw problem({ code: 'nothing-to-harden', message: 'This driver has no containers.' })
  const { stdout, ended } = await tool(serviceOf('postgres'), file, args, {
    signal,
    timeout,
    ...(input !== undefined && { input }),
  })
  const [output] = await Promise.all([text(stdout), ended])
  return output
}
