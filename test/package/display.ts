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
  /** Waits until nothing moves any more. */
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
      const { stdout } = await execa('xwininfo', ['-root', '-tree'], { env })
      return stdout.split('\n').find(it => matching.test(it))
    },
    async settled() {
      let last = ''
      await waitFor(
        async () => {
          const now = Buffer.from((await pictured('rgb:-')).stdout).toString('hex')
          const same = now === last
          last = now
          return same || undefined
        },
        { timeout: 30_000, every: 500 },
      )
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
