/** A virtual display, and what is seen on it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execa } from 'execa'
import { waitFor } from '../../src/main/system/wait'

export interface Display {
  /** As in DISPLAY. */
  readonly name: string
  /** The line that describes a window with this class. */
  window(matching: RegExp): Promise<string | undefined>
  /** Waits until something is drawn, and nothing moves any more. */
  settled(): Promise<void>
  /** Takes a picture of everything. @param path of a PNG file */
  picture(path: string): Promise<void>
  close(): Promise<void>
}

export async function startDisplay(): Promise<Display> {
  const xvfb = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-ac'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [number] = (await once(xvfb.stdout, 'data')) as [Buffer]
  const name = `:${number.toString().trim()}`
  const env = { DISPLAY: name }
  const pictured = async (path: string) =>
    execa('import', ['-silent', '-window', 'root', path], { env, encoding: 'buffer' })
  return {
    name,
    window: async matching => {
      // It fails if a window closes while it lists them.
      const listed = async (): Promise<string | undefined> =>
        execa('xwininfo', ['-root', '-tree'], { env }).then(
          it => it.stdout,
          () => undefined,
        )
      const tree = await waitFor(listed, { timeout: 10_000, every: 10 })
      return tree?.split('\n').find(it => matching.test(it))
    },
    async settled() {
      let last: Buffer | undefined
      const same = await waitFor(
        async () => {
          const before = last
          last = Buffer.from((await pictured('rgb:-')).stdout)
          return colours(last) > 16 && before?.equals(last)
        },
        { timeout: 120_000, every: 500 },
      )
      if (!same) throw new Error('The display stayed empty, or in motion.')
    },
    picture: async path => {
      await pictured(path)
    },
    async close() {
      const ended = once(xvfb, 'exit')
      xvfb.kill()
      await ended
    },
  }
}

/** @param pixels three bytes each, for red, green and blue */
function colours(pixels: Buffer): number {
  const found = new Set<number>()
  for (let at = 0; at < pixels.length; at += 3) found.add(pixels.readUIntBE(at, 3))
  return found.size
}
