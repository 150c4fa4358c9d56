/** The package's window, as an operator uses it: opened by its desktop entry, from nothing to a running instance. */
import { spawn } from 'node:child_process'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium, expect as inPage, type Browser, type Page } from '@playwright/test'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../../src/main/system/wait'
import { createSample } from '../../src/main/workspace/sample'
import { FirstRun, Setup } from '../e2e/pages/first-run'
import { OperationPage } from '../e2e/pages/operation'
import { Wizard } from '../e2e/pages/wizard'
import { startDebian, type Debian, type Ran } from './debian'
import { startDisplay, type Display } from './display'

const project = resolve(import.meta.dirname, '../..')
const dist = join(project, 'dist')
const user = 'ada'
const entry = '/usr/share/applications/instance-manager.desktop'
/** Where its pages can be looked into, in Debian's own network. */
const debugging = 9222

let debian: Debian
let display: Display
let relay: Server
let page: Page
let browser: Browser

beforeAll(async () => {
  const deb = (await readdir(dist)).find(it => it.endsWith('.deb')) ?? 'no .deb in dist'
  ;[debian, display] = await Promise.all([startDebian(), startDisplay()])
  await cp(join(dist, deb), join(debian.root, 'tmp/it.deb'))
  await succeeds(
    debian.asRoot(
      `apt-get -q update && apt-get -qy install --no-install-recommends /tmp/it.deb pgbouncer curl libgtk-3-bin && useradd -m -s /bin/bash ${user}`,
    ),
  )
  await fillNpmCache(join(debian.root, 'home', user))
  // The package's entry, with a way to look into the window. This is where an operator's own entries are.
  await asUser(
    `mkdir -p ~/.local/share/applications && sed 's|^Exec=instance-manager$|Exec=instance-manager --screen= --remote-debugging-port=${debugging}|' ${entry} > ~/.local/share/applications/instance-manager.desktop`,
  )
  relay = await relayTo(debian, debugging)
})
afterAll(async () => {
  await browser.close()
  relay.close()
  await display.close()
  await debian.remove()
})

test('from a double click to a running instance of the sample application', async () => {
  await asUser(`DISPLAY=${display.name} gtk-launch instance-manager >/dev/null 2>&1`)
  await lookInto()
  await new FirstRun(page).createSample(`/home/${user}/schools`)
  await new Setup(page).complete()
  await page.getByRole('link', { name: 'Create the first instance' }).click()
  const wizard = new Wizard(page)
  await wizard.answer('Hillside')
  await wizard.create.click()
  const operation = new OperationPage(page)
  await operation.succeeded('Hillside')
  const url = await operation.ready.getByText(/^http:/).innerText()
  expect(await asUser(`curl -fsS ${url}`)).toContain('<title>')
  await display.settled()
  await display.picture(join(dist, 'wizard.png'))
})

test('the entry’s actions open their screens in the window that is there', async () => {
  await act('new-instance')
  await inPage(page).toHaveURL(/#\/create$/)
  await act('open-logs')
  await inPage(page).toHaveURL(/#\/logs/)
  expect(browser.contexts().flatMap(it => it.pages())).toHaveLength(1)
})

test('an action opens the window with its screen if there is none', async () => {
  await browser.close() // only the connection
  const program = '/usr/lib/instance-manager/instance-manager'
  const ended = await waitFor(
    async () => {
      const { stdout } = await debian.asRoot(
        `for it in /proc/[0-9]*; do [ "$(readlink $it/exe)" != ${program} ] || { kill \${it#/proc/}; echo left; }; done`,
      )
      return stdout === ''
    },
    { timeout: 60_000 },
  )
  expect(ended).toBe(true)
  await act('new-instance', `--remote-debugging-port=${debugging}`)
  await lookInto()
  await inPage(page).toHaveURL(/#\/create$/)
  await inPage(new Wizard(page).name).toBeVisible()
})

/** Runs an action of the package's entry, as a menu does. @param more switches */
async function act(action: string, more = ''): Promise<void> {
  const text = await readFile(join(debian.root, entry), 'utf8')
  const line = new RegExp(String.raw`^\[Desktop Action ${action}\]\n(?:.+\n)*?Exec=(.*)$`, 'm').exec(text)?.[1]
  if (line === undefined) throw new Error(`no action ${action}`)
  await asUser(`DISPLAY=${display.name} setsid -f ${line} ${more} >/dev/null 2>&1`)
}

/** Waits until there is a window, and looks into it. */
async function lookInto(): Promise<void> {
  const { port } = relay.address() as AddressInfo
  const found = await waitFor(
    async () => {
      const it = await chromium.connectOverCDP(`http://127.0.0.1:${port}`).catch(() => undefined)
      const shown = it?.contexts()[0]?.pages()[0]
      if (!shown) await it?.close()
      return it && shown ? { it, shown } : undefined
    },
    { timeout: 60_000, every: 200 },
  )
  if (!found) throw new Error('no window')
  ;({ it: browser, shown: page } = found)
}

/** Everything that the sample application needs from npm's registry: Debian's user has no network. */
async function fillNpmCache(home: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'im-cache-'))
  try {
    await createSample(join(project, 'resources/sample-app'), join(work, 'app'))
    for (const it of ['server', 'client'])
      await execa('npm', ['ci', '--ignore-scripts', '--cache', join(home, '.npm')], { cwd: join(work, 'app', it) })
  } finally {
    await rm(work, { recursive: true })
  }
  await succeeds(debian.asRoot(`echo offline=true > /home/${user}/.npmrc; chown -R ${user}: /home/${user}`))
}

/** Passes connections on to a port in Debian's own network. */
async function relayTo({ root }: Debian, port: number): Promise<Server> {
  const [, , init = ''] = root.split('/')
  const code = `const to = require('node:net').connect(${port}, '127.0.0.1'); process.stdin.pipe(to).pipe(process.stdout); to.on('error', () => process.exit(1))`
  const server = createServer(socket => {
    const child = spawn('nsenter', ['--target', init, '--net', process.execPath, '--eval', code], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    socket.pipe(child.stdin)
    child.stdout.pipe(socket)
    const end = (): void => {
      socket.destroy()
      child.kill()
    }
    for (const it of [socket, child, child.stdin]) it.on('error', end)
    socket.on('close', end)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return server
}

async function succeeds(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  return stdout
}
const asUser = (command: string): Promise<string> => succeeds(debian.as(user, command))
