/**
 * Shared by the window benchmarks: a workspace with many tiny instances, the built app showing them, and the cost of
 * its processes.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import { chromium, type Page } from '@playwright/test'
import { descendants } from '../../src/main/system/proc'
import { layOut, makeDatabase } from '../support/cli-instance'
import { electronPath, launchApp, makeHome, type Home, type LaunchedApp } from '../support/electron'
import { makeTiny } from '../support/tiny-base'
import { testWorkspace, type TestWorkspace } from '../support/workspace'

const project = resolve(import.meta.dirname, '..', '..')

/** Names that sort in order of creation. */
export const nameOf = (index: number): string => `instance-${String(index).padStart(3, '0')}`

/** With PostgreSQL and PgBouncer running, as in real use. It is open in an engine; the caller removes it. */
export async function busyWorkspace(): Promise<TestWorkspace> {
  const workspace = await testWorkspace({ prepare: makeTiny, as: 'serve' })
  await workspace.open()
  await workspace.startInfrastructure()
  return workspace
}

/**
 * An instance's folder as the guide's command line creates it and, with `run`, its database and a real PM2 process that
 * answers: nothing is wrong with it.
 */
export async function addInstance(workspace: TestWorkspace, index: number, { run }: { run: boolean }): Promise<void> {
  const instance = await layOut(workspace, nameOf(index))
  if (!run) return
  await makeDatabase(workspace, instance)
  const { name, server: cwd } = instance
  await workspace.processes.start({ name, cwd, script: join(cwd, 'index.js') })
}

/** Closes the workspace and opens it in the app; `work` gets a window that shows all its instances. */
export async function inWindow<T>(
  workspace: TestWorkspace,
  instances: number,
  work: (launched: LaunchedApp) => Promise<T>,
): Promise<T> {
  await workspace.close()
  const home = await makeHome()
  try {
    const launched = await launchApp({ home, workspace: workspace.root, env: { PM2_HOME: workspace.host.pm2Home } })
    try {
      await launched.window.getByText(`${instances} instances,`).waitFor()
      return await work(launched)
    } finally {
      await launched.kill()
    }
  } finally {
    await home.remove()
    await workspace.open()
  }
}

/**
 * Like `inWindow`, but with the app as its user runs it: the debugger is detached before `work`, which gets the
 * processes.
 */
export async function inOwnWindow<T>(
  workspace: TestWorkspace,
  instances: number,
  work: (pids: readonly number[]) => Promise<T>,
): Promise<T> {
  await workspace.close()
  const home = await makeHome()
  const app = spawnApp(home, {
    args: ['--workspace', workspace.root],
    env: { PM2_HOME: workspace.host.pm2Home },
  })
  try {
    const browser = await chromium.connectOverCDP(await debuggerOf(app))
    await browser.contexts()[0]?.pages()[0]?.getByText(`${instances} instances,`).waitFor()
    await browser.close() // only the connection
    return await work(await withDescendants(app.pid))
  } finally {
    await endApp(app)
    await home.remove()
    await workspace.open()
  }
}

/**
 * Milliseconds from starting Electron until the first text was painted. Playwright looks only afterwards.
 * @param app its folder; ours by default @param text is shown once it is ready
 */
export async function firstText({
  home,
  text,
  ...options
}: SpawnOptions & { home: Home; text: string }): Promise<number> {
  const started = Date.now()
  const app = spawnApp(home, options)
  try {
    const address = await debuggerOf(app)
    await windowIn(address)
    const browser = await chromium.connectOverCDP(address)
    const page = browser.contexts()[0]?.pages()[0]
    if (!page) throw new Error('the app has no window')
    await page.getByRole('heading', { name: text }).waitFor()
    const painted = await inPage<number>(
      page,
      `return new Promise(resolve => new PerformanceObserver(list => {
        for (const it of list.getEntriesByName('first-contentful-paint')) resolve(performance.timeOrigin + it.startTime)
      }).observe({ type: 'paint', buffered: true }))`,
    )
    await browser.close() // only the connection
    return painted - started
  } finally {
    await endApp(app)
  }
}

/** Waits until a window has a page; Playwright doesn't find those that open later. @param address the debugger's */
async function windowIn(address: string): Promise<void> {
  const list = `http://${new URL(address).host}/json/list`
  while (!(await (await fetch(list)).text()).includes('"type": "page"')) await delay(20)
}

interface SpawnOptions {
  /** Its folder; ours by default. */
  readonly app?: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts an app without Playwright, with a debugger that prints its address. */
function spawnApp(home: Home, { app = project, args = [], env = {} }: SpawnOptions) {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return spawn(electronPath(), [...sandbox, '--disable-gpu', '--remote-debugging-port=0', app, ...args], {
    cwd: home.path,
    env: { ...home.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

async function endApp(app: ChildProcess): Promise<void> {
  const ended = once(app, 'exit')
  app.kill('SIGKILL')
  await ended
}

/** The debugger address that the app prints. */
async function debuggerOf({ stderr }: { readonly stderr: Readable }): Promise<string> {
  let said = ''
  stderr.setEncoding('utf8')
  for await (const text of on(stderr, 'data')) {
    said += String(text)
    const found = /DevTools listening on (ws:\S+)/.exec(said)?.[1]
    if (found) return found
  }
  throw new Error('the app printed no debugger address')
}

/** The app's processes (main, renderer, GPU, network, zygotes), without those that outlive it. */
export const processesOf = ({ app }: LaunchedApp): Promise<number[]> => withDescendants(app.process().pid)

async function withDescendants(main: number | undefined): Promise<number[]> {
  if (main === undefined) throw new Error('the app isn’t running')
  return [main, ...(await descendants(main))]
}

/** CPU time used by each, in milliseconds, including commands that it waited for. */
export async function cpuTimes(pids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  return new Map(
    await Promise.all(
      pids.map(async pid => {
        const text = await readFile(`/proc/${pid}/stat`, 'utf8')
        const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
        return [pid, fields.slice(11, 15).reduce((sum, it) => sum + Number(it) * 10, 0)] as const
      }),
    ),
  )
}

/**
 * Proportional set size in bytes: memory shared by n processes counts as 1/n in each, so other windows of the same
 * Electron make it look smaller.
 */
export async function memoryOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1024
}

/** Runs code in the page. Passed as text, because tsx would add a helper to functions that the page doesn't have. */
export const inPage = <T>(page: Page, code: string): Promise<T> => page.evaluate<T>(`(async () => { ${code} })()`)
