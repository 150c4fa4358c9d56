/** Commands whose input and output are streams. */
import { randomUUID } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { environmentOf, isAlive } from '../../../src/main/system/proc'
import { createStart, type Started } from '../../../src/main/system/run'
import { marker, sweep } from '../../../src/main/system/sweep'
import { temporary } from '../temporary'

const id = randomUUID()
const start = createStart(id)
const timeout = 30_000
type Options = Partial<Parameters<typeof start>[2]>
const shell = (script: string, options: Options = {}): Started => start('sh', ['-c', script], { timeout, ...options })
/** Its reason; undefined if it has succeeded. */
const reason = ({ ended }: Started): Promise<unknown> =>
  ended.then(
    () => undefined,
    (error: unknown) => error,
  )
const numbered = async (stdout: Readable): Promise<number> => {
  for await (const chunk of stdout) return Number(String(chunk))
  throw new Error('it said nothing')
}
const gone = async (pid: number): Promise<void> => {
  await expect.poll(() => isAlive(pid), { timeout: 10_000, interval: 20 }).toBe(false)
}

describe('standard output', () => {
  it('passes more than a command’s text may hold, and holds the command while nobody reads', async () => {
    const started = shell('head -c 200000000 /dev/zero')
    await delay(500)
    expect(started.stdout.readableLength).toBeLessThan(1_000_000) // nothing was read yet
    let size = 0
    let most = 0
    for await (const chunk of started.stdout) {
      size += (chunk as Buffer).length
      most = Math.max(most, started.stdout.readableLength)
    }
    expect(size).toBe(200_000_000)
    expect(most).toBeLessThan(1_000_000)
    await started.ended
  })

  it('is whole although it is read long after the command has ended', async () => {
    const started = shell('seq 1 5000')
    await delay(2500) // longer than what a child holds open is waited for
    expect((await text(started.stdout)).split('\n')).toHaveLength(5001)
    await started.ended
  })

  it('of a command that fails never ends: half of it is not taken for all', async () => {
    const started = shell('echo half; echo why >&2; exit 3')
    await expect(text(started.stdout)).rejects.toMatchObject({ problem: { code: 'command-failed' } })
    expect(await reason(started)).toMatchObject({
      problem: { code: 'command-failed', cause: 'It exited with code 3.', details: 'why' },
    })
  })

  it('ends the command when it is destroyed', async () => {
    const started = shell('echo $$; exec sleep 1000')
    const pid = await numbered(started.stdout) // leaving the loop destroys it
    await gone(pid)
    expect(await reason(started)).toMatchObject({ problem: { cause: 'It was ended by SIGKILL.' } })
  })

  it('goes into an open file, with standard error', async () => {
    const path = join(await temporary(), 'both')
    const file = await open(path, 'ax')
    const started = shell('echo out; echo err >&2', { output: file.fd })
    await file.close()
    await started.ended
    expect(await readFile(path, 'utf8')).toBe('out\nerr\n')
    expect(await text(started.stdout)).toBe('')
  })

  it('is not waited for when a child that left the group keeps it open', async () => {
    const started = shell('setsid sleep 1000 & echo $!')
    const chunks: string[] = []
    started.stdout.on('data', (chunk: Buffer) => chunks.push(String(chunk)))
    await started.ended
    const child = Number(chunks.join(''))
    expect(await isAlive(child)).toBe(true)
    process.kill(child, 'SIGKILL')
  })
})

describe('standard input', () => {
  it('is a stream of any size', async () => {
    const block = Buffer.alloc(1_000_000)
    const input = Readable.from(
      (function* () {
        for (let index = 0; index < 100; index++) yield block
      })(),
    )
    const started = shell('wc -c', { input })
    expect((await text(started.stdout)).trim()).toBe('100000000')
  })

  it('that fails ends the command before it sees an end', async () => {
    const path = join(await temporary(), 'seen')
    const lost = new Error('the source is lost')
    const input = Readable.from(
      (async function* () {
        yield 'half'
        await delay(200)
        throw lost
      })(),
    )
    const started = shell(`cat > /dev/null; echo end > ${path}`, { input })
    expect(await reason(started)).toBe(lost)
    await expect(readFile(path)).rejects.toThrow('ENOENT')
  })

  it('is let go of by a command that doesn’t want all of it, and the command’s reason is told', async () => {
    const input = Readable.from(
      (function* () {
        for (;;) yield 'y'.repeat(65_536)
      })(),
    )
    expect(await reason(shell('head -c 10 > /dev/null; exit 4', { input }))).toMatchObject({
      problem: { cause: 'It exited with code 4.' },
    })
    expect(input.destroyed).toBe(true)
  })
})

describe('its end', () => {
  it('comes with the signal, after what is to be done before', async () => {
    const abort = new AbortController()
    const order: string[] = []
    const started = shell('echo $$; sleep 1000', {
      signal: abort.signal,
      beforeKill: async () => {
        await delay(50)
        order.push(String(await isAlive(pid)))
      },
    })
    const pid = await new Promise<number>(resolve => {
      started.stdout.once('data', (chunk: Buffer) => resolve(Number(String(chunk))))
    })
    const why = new Error('enough')
    abort.abort(why)
    expect(await reason(started)).toBe(why)
    await gone(pid)
    expect(order).toEqual(['true'])
    expect(() => shell('true', { signal: abort.signal })).toThrow(why)
  })

  it('comes after the timeout, though nobody reads', async () => {
    const started = shell('yes', { timeout: 500 })
    expect(await reason(started)).toMatchObject({ problem: { code: 'command-timeout' } })
  })

  it('of a program that isn’t there is told by the name that people know', async () => {
    const started = start('no-such-program-anywhere', [], { timeout, name: 'the tool' })
    expect(await reason(started)).toMatchObject({
      problem: { code: 'command-missing', message: 'the tool couldn’t be started.' },
    })
  })

  it('comes with the sweep after a crash', async () => {
    const started = shell('echo $$; exec sleep 1000')
    const told = new Promise<number>(resolve => {
      started.stdout.once('data', (chunk: Buffer) => resolve(Number(String(chunk))))
    })
    const pid = await told
    // in the middle of an exec it carries nothing, and isn't found
    const runs = async (): Promise<boolean> =>
      (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'sleep\n' && (await environmentOf(pid)).has(marker)
    await expect.poll(runs, { timeout: 10_000 }).toBe(true)
    await sweep(id)
    expect(await isAlive(pid)).toBe(false)
    expect(await reason(started)).toMatchObject({ problem: { code: 'command-failed' } })
  })

  it('remembers the end of a long standard error, without secrets', async () => {
    const started = shell('yes canary-1 | head -n 100000 >&2; echo last >&2; exit 1', { secrets: ['canary-1'] })
    const { problem } = (await reason(started)) as { problem: { details: string } }
    expect(problem.details).toMatch(/\*\*\*\nlast$/)
    expect(problem.details).not.toContain('canary')
    expect(problem.details.length).toBeLessThan(7000)
  })
})
