/** The product on a machine without a display: `npm start` serves its pages, and Chromium shows them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, type Browser } from '@playwright/test'
import type { TestHome } from './fixtures'

const project = resolve(import.meta.dirname, '../../..')
const program = '/usr/bin/chromium'

/** Why these tests cannot run here. */
export function noChromium(): string | undefined {
  try {
    accessSync(program)
  } catch {
    return 'Chromium is not installed (apt-get install chromium)'
  }
  return undefined
}

export const startChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: program, chromiumSandbox: process.getuid?.() !== 0 })

export interface ServedApp {
  /** Opens a session, once. */
  readonly link: string
  /** All that was printed so far. */
  readonly printed: () => string
  /** As the service manager ends it. */
  stop(): Promise<number | null>
}

/** As an operator types it over SSH: no display. */
export async function npmStart({ home, defaults }: TestHome, ...args: readonly string[]): Promise<ServedApp> {
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = home.env
  const child = spawn(process.execPath, [join(project, 'scripts', 'start.mjs'), ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, INSTANCE_MANAGER_DEFAULTS: defaults, NO_COLOR: '1' },
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  let text = ''
  const link = await new Promise<string>((done, fail) => {
    const take = (chunk: string): void => {
      text += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+(?=\s)/.exec(text)
      if (found) done(found[0])
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('exit', () => fail(new Error(`it ended:\n${text}`)))
  })
  return {
    link,
    printed: () => text,
    async stop() {
      child.kill('SIGTERM')
      return (await ended)[0]
    },
  }
}

/** A command on this machine. @returns what it printed, and how it ended */
export async function command(
  { home, defaults }: TestHome,
  ...args: readonly string[]
): Promise<{ out: string; exit: number | null }> {
  const child = spawn(process.execPath, [join(project, 'out', 'main', 'cli.cjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...home.env, INSTANCE_MANAGER_DEFAULTS: defaults },
    cwd: home.path,
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    out += chunk
  })
  const [exit] = (await once(child, 'close')) as [number | null]
  return { out, exit }
}
