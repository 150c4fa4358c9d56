/**
 * The built app in a real window, with a separate home for each test, so that the user's own settings, PM2, temporary
 * files and workspaces stay untouched. Only downloads are shared (npm's cache, our cache, the registry settings).
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { endProcessesIn } from './processes'

const project = resolve(import.meta.dirname, '..', '..')

export interface Home {
  /** Short, because socket paths below it may have at most 107 characters. */
  readonly path: string
  /** The environment for processes in this home. */
  readonly env: Readonly<Record<string, string>>
  /** Ends every process that still belongs to this home (PM2, PostgreSQL, instances), then deletes it. */
  remove(): Promise<void>
}

/** @param name of a folder that doesn't exist yet, for homes that appear in screenshots; a random one by default */
export async function makeHome(name?: string): Promise<Home> {
  const path = name === undefined ? await mkdtemp(join(tmpdir(), 'im-')) : join(tmpdir(), name)
  if (name !== undefined) await mkdir(path)
  await mkdir(join(path, 'tmp'))
  return {
    path,
    env: homeEnvironment(path),
    remove: async () => {
      await endProcessesIn(path)
      await rm(path, { recursive: true, force: true })
    },
  }
}

const passed = [
  'PATH',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'DISPLAY',
  'XAUTHORITY',
  'WAYLAND_DISPLAY',
  'XDG_RUNTIME_DIR',
  'CONTAINERS_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'DBUS_SESSION_BUS_ADDRESS',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'npm_config_registry',
  'npm_config_cafile',
] as const

/** @param path has a folder `tmp` */
export function homeEnvironment(path: string): Record<string, string> {
  const inherited = Object.fromEntries(
    passed.map(name => [name, process.env[name]]).filter((it): it is [string, string] => it[1] !== undefined),
  )
  const userconfig = process.env['npm_config_userconfig'] ?? join(homedir(), '.npmrc')
  return {
    ...inherited,
    HOME: path,
    TMPDIR: join(path, 'tmp'),
    PM2_HOME: join(path, '.pm2'),
    XDG_CONFIG_HOME: join(path, '.config'),
    XDG_DATA_HOME: join(path, '.local/share'),
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
    ...(existsSync(userconfig) && { npm_config_userconfig: userconfig }),
  }
}

export interface LaunchedApp {
  readonly app: ElectronApplication
  /** The first window, with its document loaded. */
  readonly window: Page
  /**
   * Quits the app as a user does; processes meant to outlive it keep running. An app that doesn't quit within 15 s is
   * killed, which is an error.
   */
  close(): Promise<void>
  /** kill -9, as a power cut. */
  kill(): Promise<void>
  /** What went wrong in it, for the log of a failed test: its windows' consoles, and the main process's stderr. */
  complaints(): Promise<string>
}

export interface LaunchOptions {
  readonly home: Home
  /** Opened at start; without it the app asks. */
  readonly workspace?: string
  /** The app's folder; this clone by default. */
  readonly folder?: string
  /** Added to the home's environment. */
  readonly env?: Readonly<Record<string, string>>
}

export async function launchApp({ home, workspace, folder = project, env = {} }: LaunchOptions): Promise<LaunchedApp> {
  const root = process.getuid?.() === 0
  const app = await _electron.launch({
    executablePath: electronPath(),
    args: ['--disable-gpu', folder, ...(workspace ? ['--workspace', workspace] : [])],
    // Chromium's sandbox can't run as root; everyone else tests with it.
    chromiumSandbox: !root,
    cwd: home.path,
    env: { ...home.env, ...env },
    timeout: 60_000,
  })
  askAgain(app)
  const window = await app.firstWindow()
  await window.waitForLoadState('domcontentloaded')
  const child = app.process()
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<void>(done => {
    if (child.exitCode !== null || child.signalCode !== null) done()
    else child.once('exit', () => done())
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return {
    app,
    window,
    kill,
    complaints: async () => [stderr, ...(await Promise.all(app.windows().map(consoleOf)))].join('\n'),
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>(done => {
        timer = setTimeout(() => done('late'), 15_000)
      })
      const result = await Promise.race([app.close(), late])
      clearTimeout(timer)
      if (result !== 'late') return
      await kill()
      throw new Error('the app didn’t quit within 15 s')
    },
  }
}

/**
 * V8 holds the promise that brings a result only weakly: a main process that is busy, as at its start, may collect it
 * before it is sent (one in fifty, with collections forced). So it is asked again; what is evaluated may run twice.
 */
function askAgain(app: ElectronApplication): void {
  const once = app.evaluate.bind(app)
  const evaluate = async (...what: Parameters<typeof once>): Promise<unknown> => {
    for (let left = 20; ; left--) {
      try {
        return await once(...what)
      } catch (error) {
        if (left === 0 || !String(error).includes('promise was garbage collected')) throw error
      }
    }
  }
  app.evaluate = evaluate as typeof app.evaluate
}

/** Errors and warnings in a page, from its beginning. */
async function consoleOf(page: Page): Promise<string> {
  const [messages, errors] = await Promise.all([page.consoleMessages(), page.pageErrors()])
  const serious = messages.filter(it => ['error', 'warning'].includes(it.type()))
  return [page.url(), ...serious.map(it => it.text()), ...errors.map(it => it.stack ?? it.message)].join('\n')
}

let path: string | undefined
/** Cached, because the first time on a machine may involve a download. */
export function electronPath(): string {
  path ??=
    process.env['INSTANCE_MANAGER_ELECTRON'] ??
    execFileSync(process.execPath, [join(project, 'scripts', 'electron-path.mjs')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim()
  return path
}
