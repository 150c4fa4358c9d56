/** What a hostile page, text or neighbour must not get: asserted by what happens, not by what is configured. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { LaunchedApp } from '../support/electron'
import { FirstRun } from './pages/first-run'
import { expect, test, testHome, type TestHome } from './support/fixtures'

let place: TestHome
let launched: LaunchedApp
let page: Page
/** A foreign site, and what was asked of it. */
let site: Server
let address: string
const asked: string[] = []

test.beforeAll(async () => {
  site = createServer(({ url }, answer) => {
    asked.push(url ?? '')
    answer.setHeader('access-control-allow-origin', '*')
    answer.setHeader('content-type', url?.endsWith('.js') ? 'text/javascript' : 'text/html')
    answer.end(url?.endsWith('.js') ? 'window.attacked = true' : '<!doctype html><title>foreign</title>')
  })
  await new Promise<void>(done => {
    site.listen(0, '127.0.0.1', done)
  })
  address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  place = await testHome()
  launched = await place.launch()
  page = launched.window
})
test.afterAll(async () => {
  await place.remove()
  site.close()
})
test.beforeEach(() => {
  asked.length = 0
})
/** After whatever was tried, the app is where it was and answers. */
test.afterEach(async () => {
  expect(page.url()).toMatch(/^app:\/\/instance-manager\/index\.html/)
  const first = new FirstRun(page)
  await first.type(place.home.path)
  await expect(first.check('missing').first()).toBeVisible()
  await first.type('')
})

test('the page has no Node and no Electron, only a line of text', async () => {
  expect(
    await page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global', '__dirname', 'ipcRenderer', 'electron'].filter(
        it => it in globalThis,
      ),
    ),
  ).toEqual([])
  expect(await page.evaluate(() => Object.keys(window.bridge ?? {}))).toEqual(['connect'])
  const preferences = await launched.app.evaluate(({ BrowserWindow }) => {
    // Electron's own word for what it really applies; it is missing in its types.
    const { webContents } = BrowserWindow.getAllWindows()[0] as unknown as {
      webContents: { getLastWebPreferences(): object }
    }
    return webContents.getLastWebPreferences()
  })
  expect(preferences).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false })
})

test('it goes nowhere: links, forms, scripts', async () => {
  const ways: readonly ((to: string) => void)[] = [
    to => {
      location.href = to
    },
    to => {
      const link = Object.assign(document.createElement('a'), { href: to })
      document.body.append(link)
      link.click()
      link.remove()
    },
    to => {
      const form = Object.assign(document.createElement('form'), { action: to })
      document.body.append(form)
      form.submit()
      form.remove()
    },
    () => {
      location.href = 'app://instance-manager/assets/'
    },
    () => {
      location.href = 'file:///etc/passwd'
    },
    () => {
      location.href = 'data:text/html,foreign'
    },
  ]
  await page.evaluate(() => {
    Object.assign(window, { same: true })
  })
  for (const way of ways) {
    await page.evaluate(way, `${address}/away`)
    // Playwright would wait for the navigation that was refused: only its plain evaluation may be used here.
    expect(await page.evaluate(() => `${location.href} ${'same' in window}`)).toMatch(
      /^app:\/\/instance-manager\/index\.html.* true$/,
    )
  }
  expect(asked).toEqual([])
  await page.reload()
})

test('it opens no window', async () => {
  expect(await page.evaluate(to => window.open(to) === null, `${address}/window`)).toBe(true)
  await page.evaluate(to => {
    const link = Object.assign(document.createElement('a'), { href: to, target: '_blank' })
    document.body.append(link)
    link.click()
    link.remove()
  }, `${address}/blank`)
  expect(launched.app.windows()).toHaveLength(1)
  expect(asked).toEqual([])
})

test('scripts in the page and of others do not run, and nothing is fetched from elsewhere', async () => {
  const ran = await page.evaluate(async from => {
    const blocked: string[] = []
    document.addEventListener('securitypolicyviolation', event => blocked.push(event.effectiveDirective))
    const append = (tag: string, properties: object): void => {
      document.body.append(Object.assign(document.createElement(tag), properties))
    }
    append('script', { textContent: 'window.attacked = true' })
    append('script', { src: `${from}/script.js` })
    append('img', { src: `${from}/picture.png` })
    append('iframe', { src: `${from}/frame` })
    const button = document.createElement('button')
    button.setAttribute('onclick', 'window.attacked = true')
    button.click()
    const fetched = await fetch(`${from}/data`).then(
      () => true,
      () => false,
    )
    // In a task of its own: what evaluate() itself runs may use eval, whatever the policy says.
    const evaluated = await new Promise<boolean>(done => {
      setTimeout(() => {
        try {
          // eslint-disable-next-line no-eval -- that it is refused is what is tested
          done((0, eval)('true') as boolean)
        } catch {
          done(false)
        }
      })
    })
    return { blocked, fetched, evaluated, attacked: 'attacked' in window }
  }, address)
  expect(ran).toMatchObject({ fetched: false, evaluated: false, attacked: false })
  await expect.poll(() => page.evaluate(() => document.querySelectorAll('iframe').length)).toBe(1)
  await page.reload()
  expect(await page.evaluate(() => 'attacked' in window)).toBe(false)
  expect(asked).toEqual([])
})

test("app:// serves the page's own files and no other", async () => {
  // The page itself may not even fetch from it; so it is asked as the main process would.
  const status = (url: string): Promise<number | string> =>
    launched.app.evaluate(
      ({ net }, it) =>
        net.fetch(it).then(
          answer => answer.status,
          () => 'refused',
        ),
      url,
    )
  expect(await status('app://instance-manager/index.html')).toBe(200)
  for (const path of [
    '../main/index.cjs',
    '..%2fmain%2findex.cjs',
    '%2e%2e/%2e%2e/package.json',
    '..%2f..%2fpackage.json',
    '....//main/index.cjs',
    '%2fetc%2fpasswd',
    '..%5c..%5cpackage.json',
    'nothing',
  ]) {
    expect(await status(`app://instance-manager/${path}`), path).toBe(404)
  }
  for (const url of [
    'app://elsewhere/index.html',
    'app://instance-manager/%E0%A4%A',
    'app://instance-manager/index.html%00.png',
  ]) {
    expect(await status(url), url).not.toBe(200)
  }
  expect(
    await page.evaluate(() =>
      fetch('file:///etc/passwd').then(
        () => 'read',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
})

test('the page may copy and notify, and nothing else that browsers ask for', async () => {
  const states = await page.evaluate(async () => {
    const names = [
      'notifications',
      'clipboard-write',
      'clipboard-read',
      'geolocation',
      'camera',
      'microphone',
      'midi',
      'persistent-storage',
      'storage-access',
      'idle-detection',
      'local-fonts',
    ]
    return Object.fromEntries(
      await Promise.all(
        names.map(
          async name =>
            [
              name,
              await navigator.permissions.query({ name: name as PermissionName }).then(
                it => it.state,
                () => 'refused',
              ),
            ] as const,
        ),
      ),
    )
  })
  expect(
    Object.keys(states)
      .filter(it => states[it] === 'granted')
      .toSorted(),
  ).toEqual(['clipboard-write', 'notifications'])
  expect(
    await page.evaluate(() =>
      navigator.clipboard.readText().then(
        () => 'read',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
  expect(
    await page.evaluate(() =>
      navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => 'heard',
        () => 'refused',
      ),
    ),
  ).toBe('refused')
})

test('there are no developer tools: not in the menu, not by their keys, not at all', async () => {
  const found = await launched.app.evaluate(({ Menu, BrowserWindow }) => {
    const all = (items: Electron.MenuItem[]): Electron.MenuItem[] =>
      items.flatMap(it => [it, ...all(it.submenu?.items ?? [])])
    const { webContents } = BrowserWindow.getAllWindows()[0] as Electron.BrowserWindow
    for (const modifiers of [
      ['control', 'shift'],
      ['alt', 'command'],
    ] as const)
      webContents.sendInputEvent({ type: 'keyDown', keyCode: 'I', modifiers: [...modifiers] })
    webContents.openDevTools()
    return {
      roles: all(Menu.getApplicationMenu()?.items ?? []).map(it => it.role?.toLowerCase()),
      opened: webContents.isDevToolsOpened(),
    }
  })
  expect(found.roles).toContain('reload')
  expect(found.roles).not.toContain('toggledevtools')
  expect(found.opened).toBe(false)
})

test('a foreign page that has the same bridge is not listened to', async () => {
  const preload = join(import.meta.dirname, '../../out/preload/index.cjs')
  const opened = launched.app.waitForEvent('window')
  await launched.app.evaluate(
    async ({ BrowserWindow }, { to, script }) => {
      const foreign = new BrowserWindow({ webPreferences: { preload: script, sandbox: true } })
      await foreign.loadURL(to)
    },
    { to: `${address}/foreign`, script: preload },
  )
  const foreign = await opened
  await foreign.waitForLoadState()
  await foreign.evaluate(() => {
    const heard: string[] = []
    Object.assign(window, { heard })
    const line = window.bridge?.connect({ onMessage: data => heard.push(data), onClose: () => heard.push('closed') })
    line?.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'app.checkFolder', input: { path: '/' } } }))
  })
  // The same words from the page itself are answered: then the foreign ones, sent before, would have been too.
  expect(
    await ask(
      page,
      JSON.stringify({ id: 1, method: 'query', params: { path: 'app.checkFolder', input: { path: '/' } } }),
    ),
  ).toContain('"checks"')
  expect(await foreign.evaluate(() => (window as unknown as { heard: string[] }).heard)).toEqual([])
  await foreign.close()
})

test('messages that are too long, broken or of the wrong kind end their line at most', async () => {
  expect(await ask(page, 'x'.repeat(1_000_001))).toBe('closed')
  expect(await ask(page, { a: 1 })).toBe('closed')
  expect(await ask(page, undefined)).toBe('closed')
  const nonsense = [
    'not json',
    '[]',
    '{"id":1}',
    '{"id":1,"method":"query","params":{"path":"__proto__.constructor"}}',
    '{"id":1,"method":"query","params":{"path":"app.open","input":{"path":7}}}',
  ]
  await page.evaluate(messages => {
    for (const it of messages) window.bridge?.connect({ onMessage: () => undefined, onClose: () => undefined }).send(it)
  }, nonsense)
  // No window has endless lines; those that are dropped come back with the reload.
  await page.evaluate(() => {
    for (let i = 0; i < 100; i++) window.bridge?.connect({ onMessage: () => undefined, onClose: () => undefined })
  })
  await page.reload()
})

/** The first word on a line after one message was sent, or `closed`. */
function ask(from: Page, message: unknown): Promise<string> {
  return from.evaluate(
    data =>
      new Promise<string>(done => {
        const line = window.bridge?.connect({
          onMessage: text => {
            line?.close()
            done(text)
          },
          onClose: () => done('closed'),
        })
        line?.send(data as string)
      }),
    message,
  )
}
