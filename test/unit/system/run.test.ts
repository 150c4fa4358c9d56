import { randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { baseEnvironment } from '../../../src/main/system/environment'
import { createRun } from '../../../src/main/system/run'
import { marker, sweep } from '../../../src/main/system/sweep'
import { isAlive } from '../../../src/main/system/proc'
import { temporary } from '../temporary'

const id = randomUUID()
const run = createRun(id)
const timeout = 15_000
const node = (script: string, options: Partial<Parameters<typeof run>[2]> = {}, ...args: string[]): Promise<string> =>
  run(process.execPath, ['-e', script, ...args], { timeout, ...options })

afterEach(() => {
  vi.unstubAllEnvs()
})

async function gone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 200 && (await isAlive(pid)); attempt++) await delay(25)
  return !(await isAlive(pid))
}

/** A shell that starts a child in the background and waits; tells both pids once both run. */
const family = async (
  start: (onOutput: (chunk: string) => void) => Promise<unknown>,
): Promise<{ pids: number[]; ended: Promise<unknown> }> => {
  let text = ''
  let told: (pids: number[]) => void = () => undefined
  const pids = new Promise<number[]>(resolve => {
    told = resolve
  })
  const ended = start(chunk => {
    text += chunk
    const found = /^(\d+) (\d+)\n/.exec(text)
    if (found) told([Number(found[1]), Number(found[2])])
  }).then(
    it => it,
    (error: unknown) => error,
  )
  return { pids: await pids, ended }
}
const parent = 'sleep 1000 & echo "$$ $!"; wait'

describe('run', () => {
  it('returns standard output and shows both as they come', async () => {
    const chunks: string[] = []
    expect(await node('console.log("out"); console.error("err")', { onOutput: it => chunks.push(it) })).toBe('out\n')
    expect(chunks.join('')).toContain('err\n')
  })

  it('gives way in the background, with all its children, in its session too', async () => {
    const script = `
      until [ "$(nice)" -ge 5 ]; do sleep 0.01; done
      until ! [ -e /proc/self/autogroup ] || grep -q 'nice 5$' /proc/self/autogroup; do sleep 0.01; done
      sh -c nice`
    expect(Number(await run('sh', ['-c', script], { timeout, background: true }))).toBeGreaterThanOrEqual(5)
    expect(Number(await run('sh', ['-c', 'sleep 0.1; nice'], { timeout }))).toBe(getPriority())
  })

  it('passes arguments as they are: no shell reads them', async () => {
    expect(await node('console.log(JSON.stringify(process.argv.slice(1)))', {}, '$(id)', '; rm', 'a b', '"')).toBe(
      '["$(id)","; rm","a b","\\""]\n',
    )
  })

  it('gives secrets by standard input, where no other user sees them', async () => {
    const script =
      'let s="";process.stdin.on("data",c=>s+=c).on("end",()=>console.log(s + require("fs").readFileSync("/proc/self/cmdline")))'
    expect((await node(script, { input: 'canary-1' })).split('canary-1')).toHaveLength(2)
    // no input is an end, not a wait
    expect(await node('process.stdin.on("end",()=>console.log("ended")).resume()')).toBe('ended\n')
  })

  it('hands on a small environment, and the marker', async () => {
    vi.stubEnv('CANARY_TOKEN', 'x')
    vi.stubEnv('NODE_ENV', 'test')
    vi.stubEnv('PORT', '1')
    vi.stubEnv('npm_config_cache', '/cache')
    const environment = JSON.parse(await node('console.log(JSON.stringify(process.env))')) as Record<string, string>
    expect(environment[marker]).toBe(id)
    expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['CANARY_TOKEN']))
    expect(environment).toEqual({ ...baseEnvironment(), [marker]: id })
    expect(environment).toMatchObject({ npm_config_cache: '/cache', PATH: process.env['PATH'] })
    expect(environment).not.toHaveProperty('PORT')
    expect(JSON.parse(await node('console.log(JSON.stringify(process.env))', { env: { ONLY: '1' } }))).toEqual({
      ONLY: '1',
      [marker]: id,
    })
  })

  it('tells a failure with the exit code and the last words, and takes answers for no failure', async () => {
    const script = 'console.log("answer"); console.error("why"); process.exit(3)'
    await expect(node(script)).rejects.toMatchObject({
      problem: {
        code: 'command-failed',
        cause: 'It exited with code 3.',
        details: expect.stringContaining('why') as string,
      },
    })
    expect(await node(script, { answers: [3] })).toBe('answer\n')
    await expect(node('process.kill(process.pid, "SIGTERM")')).rejects.toMatchObject({
      problem: { code: 'command-failed', cause: 'It was ended by SIGTERM.' },
    })
    await expect(run('no-such-program-anywhere', [], { timeout })).rejects.toMatchObject({
      problem: { code: 'command-missing' },
    })
    await expect(node('1', { cwd: '/nowhere' })).rejects.toMatchObject({ problem: { code: 'command-missing' } })
  })

  it('does not wait for a child that left the group and keeps the output open', async () => {
    const { pids, ended } = await family(onOutput =>
      run('sh', ['-c', 'setsid sleep 1000 & echo "$$ $!"'], { timeout: 60_000, onOutput }),
    )
    try {
      expect(await ended).toMatch(/^\d+ \d+\n$/)
    } finally {
      process.kill(pids[1] as number, 'SIGKILL')
    }
  })

  it('shows what comes in pieces whole: characters of several bytes, and no secret', async () => {
    const chunks: string[] = []
    const text = 'Käse at canary-1 and can, 日本 ends with canar'
    const script = `const all = Buffer.from(${JSON.stringify(text)}); let at = 0
      const step = () => { if (at < all.length) process.stdout.write(all.subarray(at, ++at), () => setTimeout(step, 2)) }; step()`
    await node(script, { secrets: ['canary-1'], onOutput: it => chunks.push(it) })
    expect(chunks.length).toBeGreaterThan(5)
    expect(chunks.join('')).toBe('Käse at *** and can, 日本 ends with canar')
    expect(chunks.some(it => it.includes('canary') || it.includes('\uFFFD'))).toBe(false)
  })

  it('shows the first and the last words of a long output, and how many lines are left out', async () => {
    const failed = node(
      'console.log("the reason"); for (let i = 1; i <= 2000; i++) console.error("line " + i); process.exitCode = 1',
    ).catch((error: unknown) => error)
    const {
      problem: { details = '' },
    } = (await failed) as { problem: { details?: string } }
    expect(details).toMatch(/^the reason\nline 1\n/)
    expect(details).toMatch(/\nline 2000$/)
    const [, left] = /\n… (\d+) lines left out …\n/.exec(details) ?? []
    expect(Number(left) + details.split('\n').length - 1).toBe(2001)
  })

  it('masks what it is told is secret, in output and details', async () => {
    const chunks: string[] = []
    const failed = node('console.log("at postgresql://u:canary-1@h/d"); process.exit(1)', {
      secrets: ['canary-1'],
      onOutput: it => chunks.push(it),
    })
    await expect(failed).rejects.toMatchObject({ problem: { details: 'at postgresql://u:***@h/d' } })
    expect(chunks.join('')).toBe('at postgresql://u:***@h/d\n')
  })

  it("runs nothing of the user's shell before what outlives us", async () => {
    const home = await temporary()
    await writeFile(join(home, '.bashrc'), 'echo noise\n')
    expect(
      await run('sh', ['-c', 'echo clean'], {
        timeout,
        unmarked: true,
        env: { HOME: home, PATH: process.env['PATH'] ?? '' },
      }),
    ).toBe('clean\n')
  })

  it('ends the whole group after the timeout', async () => {
    const { pids, ended } = await family(onOutput => run('sh', ['-c', parent], { timeout: 2000, onOutput }))
    expect(await ended).toMatchObject({ problem: { code: 'command-timeout' } })
    expect(await Promise.all(pids.map(gone))).toEqual([true, true])
  })

  it("ends the whole group when cancelled, with the signal's reason", async () => {
    const cancel = new AbortController()
    const { pids, ended } = await family(onOutput =>
      run('sh', ['-c', parent], { timeout, onOutput, signal: cancel.signal }),
    )
    const reason = new Error('enough')
    cancel.abort(reason)
    expect(await ended).toBe(reason)
    expect(await Promise.all(pids.map(gone))).toEqual([true, true])
    await expect(node('1', { signal: cancel.signal })).rejects.toBe(reason)
  })
})

describe('sweep', () => {
  const daemon = 'setsid sleep 1000 > /dev/null 2>&1 < /dev/null & echo "$$ $!"'

  it('ends what left its group, of this workspace only', async () => {
    const other = createRun(randomUUID())
    const [ours, theirs] = [
      await family(onOutput => run('sh', ['-c', daemon], { timeout, onOutput })),
      await family(onOutput => other('sh', ['-c', daemon], { timeout, onOutput })),
    ]
    await Promise.all([ours.ended, theirs.ended])
    const [our, their] = [ours.pids[1] as number, theirs.pids[1] as number]
    try {
      // in the middle of an exec it carries nothing, and isn't found
      await vi.waitUntil(async () => (await readFile(`/proc/${our}/comm`, 'utf8')) === 'sleep\n', { timeout })
      await sweep(id)
      expect(await gone(our)).toBe(true)
      expect(await isAlive(their)).toBe(true)
    } finally {
      process.kill(their, 'SIGKILL')
    }
  })

  it('leaves daemons that were started to stay', async () => {
    const { pids, ended } = await family(onOutput => run('sh', ['-c', daemon], { timeout, onOutput, unmarked: true }))
    await ended
    const pid = pids[1] as number
    try {
      await sweep(id)
      expect(await isAlive(pid)).toBe(true)
      expect(await readFile(join('/proc', String(pid), 'environ'), 'utf8')).not.toContain(marker)
    } finally {
      process.kill(pid, 'SIGKILL')
    }
  })
})
