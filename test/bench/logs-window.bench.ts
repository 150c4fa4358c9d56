/**
 * Logs in the real window: opening a 3 GB log at its last line, compared with `tail -n 1000`, and searching it, with
 * the memory used; following lines as fast as an instance writes them, and one at a time, compared with `pm2 logs`. The
 * window runs under Xvfb, without a graphics card.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import { execa } from 'execa'
import { z } from 'zod'
import { readJson, writeJson } from '../../src/main/system/files'
import { workspacePaths } from '../../src/main/workspace/paths'
import { layOut } from '../support/cli-instance'
import type { LaunchedApp } from '../support/electron'
import type { TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'
import { needle, writeBigLog } from './big-log'
import { busyWorkspace, inPage, inWindow, memoryOf, processesOf } from './window'

const openings = 7
const bursts = 5
const burst = 200_000
const singles = 40

/** Prints on request, by HTTP: many lines at once, or one with the time at which it was written. */
const talker = (port: number): string => `
  require('http').createServer((request, response) => {
    const count = Number(request.url.slice(1))
    if (count) {
      let line = 0
      const more = () => { while (line < count) if (!process.stdout.write('line ' + ++line + ' of ' + count + ' ' + 'x'.repeat(60) + '\\n')) return process.stdout.once('drain', more); process.stdout.write('end of ' + count + '\\n') }
      more()
    } else process.stdout.write('said at ' + Date.now() + '\\n')
    response.end()
  }).listen(${port}, '127.0.0.1')`

const bench: Bench = {
  name: 'logs-window',
  async run({ say }) {
    const workspace = await busyWorkspace()
    try {
      const logs = join(workspace.host.pm2Home, 'logs')
      await mkdir(logs, { recursive: true })
      const { settings } = workspacePaths(workspace.root)
      await writeJson(settings, {
        ...(await readJson(settings, z.record(z.string(), z.json()))),
        logs: { maxSizeMB: 100_000 },
      })
      await layOut(workspace, 'archive')
      say('writing 3 GB')
      const big = join(logs, 'archive-out.log')
      await writeBigLog(big)
      await appendFile(big, '2026-11-30T10:00:00: the very last line\n')
      const its = await layOut(workspace, 'talker')
      await writeFile(join(its.server, 'index.js'), talker(its.port))
      await workspace.processes.start({ name: its.name, cwd: its.server, script: join(its.server, 'index.js') })
      return await inWindow(workspace, 2, async launched => [
        ...(await bigLog(launched, big, say)),
        ...(await live(launched, workspace, its.port, join(logs, 'talker-out.log'), say)),
      ])
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

/** Milliseconds from a click to the frame in which the text is drawn in the log. */
const opened = async (page: Page, name: string, text: string): Promise<number> => {
  await inPage(
    page,
    `location.hash = '/instances/${name}'; while (!document.querySelector('nav[aria-label="${name}"]')) await new Promise(requestAnimationFrame)`,
  )
  await delay(500)
  return inPage(
    page,
    `
    const begin = performance.now()
    document.querySelector('nav[aria-label="${name}"] a[href$="/logs"]').click()
    for (;;) {
      await new Promise(requestAnimationFrame)
      if ([...document.querySelectorAll('[data-testid="live"] .xterm-rows, [data-line]')].some(it => it.textContent.includes('${text}'))) break
    }
    await new Promise(requestAnimationFrame)
    return performance.now() - begin`,
  )
}

async function bigLog(launched: LaunchedApp, path: string, say: BenchContext['say']): Promise<Measured[]> {
  const { window } = launched
  const memory = async (): Promise<number> =>
    (await Promise.all((await processesOf(launched)).map(memoryOf))).reduce((sum, it) => sum + it, 0) / 1e6
  await delay(3000)
  const before = await memory()
  const [ours, tail]: [number[], number[]] = [[], []]
  for (let run = 0; run < openings; run++) {
    ours.push(await opened(window, 'archive', 'the very last line'))
    const begin = performance.now()
    await execa('tail', ['-n', '1000', path])
    tail.push(performance.now() - begin)
  }
  say(`3 GB opened in ${ours.map(it => it.toFixed(0)).join(', ')} ms`)
  const begin = performance.now()
  await window.getByRole('textbox', { name: 'Search the log' }).fill(needle)
  const found = window.getByRole('status', { name: 'Matches' })
  let most = 0
  const expected = (await execa('grep', ['-c', '-F', needle, path])).stdout
  for (
    let told = '';
    !told.includes(`of ${expected}`);
    told = ((await found.textContent()) ?? '').replaceAll(',', '')
  ) {
    most = Math.max(most, await memory())
    if (performance.now() - begin > 120_000) throw new Error(`${told}, grep found ${expected}`)
    await delay(100)
  }
  return [
    {
      name: '3 GB: click to the last line on the screen, the first time',
      unit: 'ms',
      values: ours.slice(0, 1),
      goal: '<= 150',
    },
    { name: '3 GB: click to the last line on the screen, later', unit: 'ms', values: ours.slice(1), goal: '<= 150' },
    { name: 'tail -n 1000', unit: 'ms', values: tail },
    {
      name: 'memory growth of all processes, opened and searched, at most',
      unit: 'MB',
      values: [most - before],
      goal: '<= 60',
    },
  ]
}

/** Lines that reached the page, drawn or counted, taken from the incoming messages. */
const countMessages = `
  const parse = JSON.parse
  globalThis.arrived = 0
  JSON.parse = (...its) => {
    const it = parse(...its)
    const news = it?.result?.data
    if (news && Array.isArray(news.lines) && 'skipped' in news) globalThis.arrived += news.lines.length + news.skipped
    return it
  }`

async function live(
  launched: LaunchedApp,
  { host }: TestWorkspace,
  port: number,
  path: string,
  say: BenchContext['say'],
): Promise<Measured[]> {
  const { window } = launched
  await window.addInitScript(countMessages)
  await window.reload()
  const linesOf = async (): Promise<number> => (await readFile(path)).reduce((sum, it) => sum + (it === 10 ? 1 : 0), 0)
  const ask = (what: string): Promise<unknown> => fetch(`http://127.0.0.1:${port}/${what}`)
  await inPage(
    window,
    `location.hash = '/instances/talker/logs'; while (!document.querySelector('[data-testid="live"] .xterm-rows')) await new Promise(requestAnimationFrame)`,
  )
  await delay(1000)
  const [frames, seconds, lost]: [number[], number[], number[]] = [[], [], []]
  for (let run = 0; run < bursts; run++) {
    const before = await linesOf()
    const end = `end of ${burst + run}`
    const begin = performance.now()
    await inPage(window, 'globalThis.arrived = 0')
    const watching = inPage<number>(
      window,
      `
      let worst = 0
      for (let last = performance.now();;) {
        await new Promise(requestAnimationFrame)
        const now = performance.now()
        worst = Math.max(worst, now - last)
        last = now
        if (document.querySelector('[data-testid="live"] .xterm-rows')?.textContent.includes('${end}')) return worst
      }`,
    )
    await ask(String(burst + run))
    frames.push(await watching)
    seconds.push((performance.now() - begin) / 1000)
    await delay(500)
    lost.push((await linesOf()) - before - (await inPage<number>(window, 'return globalThis.arrived')))
    say(
      `${burst} lines in ${seconds.at(-1)?.toFixed(1)} s, worst frame ${frames.at(-1)?.toFixed(0)} ms, ${lost.at(-1)} not told`,
    )
  }
  return [
    { name: `${burst} lines at once: worst frame`, unit: 'ms', values: frames, goal: '<= 50' },
    { name: `${burst} lines at once: until the last is on the screen`, unit: 's', values: seconds },
    {
      name: `${burst} lines at once: in the file, and neither shown nor counted`,
      unit: 'lines',
      values: lost,
      goal: '<= 0',
    },
    ...(await oneByOne(window, host.pm2Home, ask)),
  ]
}

async function oneByOne(window: Page, pm2Home: string, ask: (what: string) => Promise<unknown>): Promise<Measured[]> {
  const child = spawn(
    process.execPath,
    [createRequire(import.meta.url).resolve('pm2/bin/pm2'), 'logs', 'talker', '--raw', '--lines', '0'],
    {
      env: { PATH: process.env['PATH'], HOME: pm2Home, PM2_HOME: pm2Home },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const theirs: number[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const [, at] of text.matchAll(/said at (\d{13})/g)) theirs.push(Date.now() - Number(at))
  })
  const ours: number[] = []
  try {
    while (theirs.length === 0) {
      await ask('x')
      await delay(300)
    } // until it listens
    theirs.length = 0
    for (let single = 0; single < singles; single++) {
      const watching = inPage<number>(
        window,
        `
        const rows = document.querySelector('[data-testid="live"] .xterm-rows')
        const last = () => [...rows.textContent.matchAll(/said at (\\d{13})/g)].at(-1)?.[1]
        const before = last()
        await new Promise(resolve => {
          // xterm draws in a frame's callbacks, so the task after them runs once the frame is drawn.
          const { port1, port2 } = new MessageChannel()
          const observer = new MutationObserver(() => { if (last() !== before) { observer.disconnect(); port2.postMessage(0) } })
          port1.onmessage = resolve
          observer.observe(rows, { subtree: true, childList: true, characterData: true })
        })
        return Date.now() - Number(last())`,
      )
      await delay(100 + single * 7)
      await ask('x')
      ours.push(await watching)
    }
  } finally {
    child.kill()
    await once(child, 'close')
  }
  return [
    { name: 'a line written, until it is on the screen', unit: 'ms', values: ours, goal: '<= 50' },
    { name: 'the same line, until pm2 logs prints it', unit: 'ms', values: theirs },
  ]
}
