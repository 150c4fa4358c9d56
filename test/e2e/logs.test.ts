/**
 * Logs in a real window, on the files that PM2's processes write: followed, narrowed, searched, saved; whatever stands
 * in them.
 */
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Locator, Page } from '@playwright/test'
import type { LaunchedApp } from '../support/electron'
import { pm2Paths } from '../../src/main/processes/daemon'
import type { CliInstance } from '../support/cli-instance'
import { InstanceList } from './pages/instances'
import { LogPane } from './pages/logs'
import { faultsOf } from './support/accessible'
import { expect, test } from './support/fixtures'
import { wear } from './support/looks'
import { tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let launched: LaunchedApp
let window: Page
let school: CliInstance
let list: InstanceList
let log: LogPane

const start = new Date(2026, 0, 5, 8, 0, 0).getTime()
/** As PM2 writes it with `--time`. */
const stamp = (at: number): string =>
  new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
const stack = [
  'TypeError: Cannot read properties of undefined',
  '    at gradeOf (/srv/server/grades.js:42:17)',
  '    at handle (/srv/server/router.js:95:5)',
  '    at next (/srv/server/route.js:149:13)',
]
const file = (name: string, stream: 'out' | 'error'): string =>
  join(pm2Paths(join(place.home.path, '.pm2')).logs, `${name}-${stream}.log`)
const write = async (path: string, lines: readonly string[]): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, lines.map(it => `${it}\n`).join(''))
}
const say = (text: string): Promise<void> => appendFile(file('School', 'out'), `${stamp(Date.now())}: ${text}\n`)

/** A line each second for 50 minutes; an error with its stack every ten; one line in a hundred of interest. */
const out = Array.from(
  { length: 3000 },
  (_, index) => `${stamp(start + index * 1000)}: request ${index} ${index % 100 === 7 ? 'needle' : 'hay'}`,
)
const err = Array.from({ length: 5 }, (_, index) =>
  stack.map(it => `${stamp(start + (index * 600 + 300) * 1000)}: ${it}`),
).flat()

test.beforeAll(async () => {
  place = await tinyHome()
  school = await place.layOut('School')
  await place.layOut('Quiet')
  launched = await place.launch({ workspace: place.root })
  window = launched.window
  list = new InstanceList(window)
})
test.afterAll(() => place.remove())
test.beforeEach(async () => {
  await write(file('School', 'out'), out)
  await write(file('School', 'error'), err)
  await open('/instances/School/logs', 'School')
  await expect(log.live).toContainText('request 2999')
})

const go = (hash: string): Promise<unknown> =>
  window.evaluate(it => {
    location.hash = it
  }, hash)
/** Opens a log anew: nothing is searched for, and it follows. */
async function open(hash: string, name: string): Promise<void> {
  await go('/instances')
  await list.room.title('Instances').waitFor() // else the page may see only the second address, and keep its log
  await go(hash)
  log = new LogPane(window, name)
  await log.region.waitFor()
}

test('follows; stops when one scrolls up, counts what comes, goes on at a click', async () => {
  await say('\u001b[32mgreen\u001b[0m news')
  await expect(log.live).toContainText('green news')
  const green = 'rgb(24, 122, 72)'
  await expect(log.live.getByText('green', { exact: true })).toHaveCSS('color', green)
  await log.stop()
  await expect(log.row('green news').getByText('green', { exact: true })).toHaveCSS('color', green)
  for (let line = 0; line < 3; line++) await say(`later ${line}`)
  await expect(log.pill).toHaveText('3 new lines')
  await expect(log.row('later 2')).not.toBeInViewport() // what one reads stays where it is
  await log.pill.click()
  await expect(log.live).toContainText('later 2')
  await say('and on')
  await expect(log.live).toContainText('and on')
})

test('the whole history is scrolled both ways, by wheel, key and track', async () => {
  await log.lines.focus()
  await window.keyboard.press('Home')
  await expect(log.row(/request 0 /)).toBeInViewport()
  const seen = new Set<string>()
  const track = log.region.getByRole('scrollbar', { name: 'Position in the log' })
  await expect(track).toHaveAttribute('aria-valuenow', '0')
  const top = (): Promise<string | null | undefined> =>
    log.rows.evaluateAll(rows => {
      const edge = rows[0]?.closest('[role="log"]')?.getBoundingClientRect().top ?? 0
      return rows.find(it => it.getBoundingClientRect().top >= edge)?.textContent
    })
  for (let page = 0; page < 8; page++) {
    const before = await top()
    await window.keyboard.press('PageDown')
    await expect.poll(top).not.toBe(before)
    for (const it of await log.rows.allInnerTexts()) seen.add(/request (\d+)/.exec(it)?.[1] ?? '')
  }
  expect([...Array(200).keys()].filter(it => !seen.has(String(it)))).toEqual([])
  const box = await track.boundingBox()
  if (!box) throw new Error('no track')
  await window.mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  await expect
    .poll(async () => Number(/request (\d+)/.exec(await log.row('request').first().innerText())?.[1]))
    .toBeGreaterThan(1000)
  await log.region.getByRole('group', { name: 'Lines', exact: true }).focus()
  await window.keyboard.press('End')
  await expect(log.live).toContainText('request 2999')
  await expect(log.lines).toBeFocused() // the keyboard goes on where it was
})

test('only errors: each with its stack, live ones too; folded to their first line', async () => {
  await log.errorsOnly.click()
  await expect(log.live).toContainText('gradeOf')
  await expect(log.live).not.toContainText('request')
  await appendFile(file('School', 'error'), `${stamp(Date.now())}: ReferenceError: live is not defined\n`)
  await say('all is well')
  await expect(log.live).toContainText('ReferenceError: live')
  await log.stop()
  await expect(log.row('TypeError')).toHaveCount(5)
  await expect(log.row('gradeOf')).toHaveCount(5)
  await expect(log.row('TypeError').first().getByRole('img', { name: 'Error' })).toBeVisible()
  await log.more('Fold stack traces')
  await expect(log.row('gradeOf')).toHaveCount(0)
  await log.row('TypeError').first().getByRole('button', { name: '3 more lines' }).click()
  await expect(log.row('gradeOf')).toHaveCount(1)
  await window.keyboard.press('Escape')
  await log.more('Fold stack traces')
  await window.keyboard.press('Escape')
  await expect(log.row('all is well')).toHaveCount(0)
  await log.region.getByRole('button', { name: 'Clear filters' }).click()
  await expect(log.row(/request \d+ /).first()).toBeVisible()
})

test('one stream, and a range of time', async () => {
  await log.stream('Err').click()
  await expect(log.live).toContainText('gradeOf')
  await expect(log.live).not.toContainText('request')
  await log.stream('Both').click()
  await log.time.click()
  const popover = window.getByRole('dialog', { name: 'Time' })
  await expect(popover).toContainText(Intl.DateTimeFormat().resolvedOptions().timeZone)
  const range = popover.getByRole('form', { name: 'From and to' })
  await range.getByLabel('From').fill('2026-01-05T08:10:00')
  await range.getByLabel('To').fill('2026-01-05T08:10:04')
  await range.getByRole('button', { name: 'Apply' }).click()
  await expect(log.row('request')).toHaveCount(5)
  await expect(log.rows.first()).toContainText('08:10:00')
  await expect(log.rows.last()).toContainText('request 604')
  await log.time.click()
  await popover.getByRole('button', { name: 'Last 5 minutes' }).click()
  await expect(log.region.getByText('No matching lines')).toBeVisible()
  await log.region.getByRole('button', { name: 'Clear filters' }).first().click()
  await log.time.click()
  await popover.getByRole('form', { name: 'Go to a time' }).getByLabel('Go to a time').fill('2026-01-05T08:20:00')
  await popover.getByRole('button', { name: 'Go there' }).click()
  await expect(log.row(/request 1200 /)).toBeInViewport()
})

test('search: found as one types, counted, from one to the next; only these lines, with what is around them', async () => {
  await window.keyboard.press('Control+f')
  await expect(log.search).toBeFocused()
  await window.keyboard.type('NEEDLE')
  await expect(log.matches).toHaveText('30 of 30 matches')
  await expect(log.current).toContainText('request 2907 needle')
  await expect(log.current.locator('mark')).toHaveText('needle')
  await window.keyboard.press('Shift+Enter')
  await expect(log.current).toContainText('request 2807 needle')
  await expect(log.matches).toHaveText('29 of 30 matches')
  await window.keyboard.press('Enter')
  await expect(log.current).toContainText('request 2907 needle')
  await window.keyboard.press('F3')
  await expect(log.matches).toContainText('last match')
  await log.region.getByRole('button', { name: 'Match case' }).click()
  await expect(log.matches).toHaveText('No matches')
  await log.region.getByRole('button', { name: 'Match case' }).click()
  await log.region.getByRole('checkbox', { name: 'Only matching lines' }).check()
  await expect(log.rows).toHaveCount(30)
  await log.region.getByRole('textbox', { name: 'Lines around each match' }).fill('1')
  await expect(log.rows).toHaveCount(90)
  await log.search.fill('request (99|100) ')
  await expect(log.matches).toHaveText('No matches')
  await log.region.getByRole('button', { name: 'Regular expression' }).click()
  await expect(log.matches).toHaveText(/2 matches/)
  await log.search.fill('(never closed')
  await expect(log.region.getByRole('alert')).toContainText('isn’t a valid regular expression')
  await log.search.focus()
  await window.keyboard.press('Escape')
  await expect(log.search).toHaveValue('')
})

test('known secrets are masked, on the screen and in what is saved; a switch shows them', async () => {
  await say(`connecting with ${school.password} now`)
  await expect(log.live).toContainText('connecting with')
  await expect(log.live).not.toContainText(school.password)
  await log.search.fill('connecting with')
  await log.region.getByRole('checkbox', { name: 'Only matching lines' }).check()
  await expect(log.rows).toHaveCount(1)
  const saved = async (name: string): Promise<string> => {
    await log.more('Save to a file…')
    const dialog = window.getByRole('dialog', { name: 'Save to a file' })
    await expect(dialog).toContainText('only lines with “connecting with”')
    const path = join(place.home.path, name)
    await dialog.getByRole('textbox', { name: 'File' }).fill(path)
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(window.getByRole('alert').filter({ hasText: 'Log saved' })).toContainText(path)
    await window.getByRole('alert').filter({ hasText: path }).getByRole('button', { name: 'Close' }).click()
    return readFile(path, 'utf8')
  }
  const masked = await saved('masked.log')
  expect(masked.trim().split('\n')).toHaveLength(1)
  expect(masked).toContain('connecting with')
  expect(masked).not.toContain(school.password)
  await log.more('Show secrets')
  await window.keyboard.press('Escape')
  await expect(log.rows.first()).toContainText(school.password)
  await expect(log.region.getByText('Secrets are shown')).toBeVisible()
  expect(await saved('open.log')).toContain(school.password)

  await writeFile(join(place.home.path, 'open.log'), 'mine')
  const again = async (answer: string): Promise<void> => {
    await log.more('Save to a file…')
    const dialog = window.getByRole('dialog', { name: 'Save to a file' })
    await dialog.getByRole('textbox', { name: 'File' }).fill(join(place.home.path, 'open.log'))
    await dialog.getByRole('button', { name: 'Save', exact: true }).click()
    await window.getByRole('dialog', { name: 'Replace the file?' }).getByRole('button', { name: answer }).click()
  }
  await again('Keep the file')
  expect(await readFile(join(place.home.path, 'open.log'), 'utf8')).toBe('mine')
  await again('Replace')
  const told = window.getByRole('alert').filter({ hasText: 'Log saved' })
  await expect(told).toContainText('open.log')
  await told.getByRole('button', { name: 'Close' }).click()
  expect(await readFile(join(place.home.path, 'open.log'), 'utf8')).toContain(school.password)
  await log.region.getByRole('button', { name: 'Mask them' }).click()
  await expect(log.rows.first()).not.toContainText(school.password)
})

/** What a way of copying puts on the clipboard. */
async function copied(copy: () => Promise<void>): Promise<string> {
  const clipboard = (): Promise<string> => launched.app.evaluate(it => it.clipboard.readText())
  await launched.app.evaluate(it => it.clipboard.clear())
  await copy()
  await expect.poll(clipboard).not.toBe('')
  return clipboard()
}
/** With the mouse, from the first line's beginning to the last one's end. */
async function mark(from: Locator, to: Locator): Promise<void> {
  const [first, last] = [await from.boundingBox(), await to.boundingBox()]
  if (!first || !last) throw new Error('they are not drawn')
  await window.mouse.move(first.x + 1, first.y + 8)
  await window.mouse.down()
  // behind its text, beside what is said in the corner
  await window.mouse.move(last.x + 400, last.y + last.height - 8, { steps: 5 })
  await window.mouse.up()
}
/** A wide gap, so that it is wrapped there. */
const gap = ' '.repeat(600)
async function sayInColours(): Promise<void> {
  await say(`\u001b[1;31mred\u001b[0m, \u001b[38;5;208morange\u001b[0m${gap}far away`)
  await say('nothing but text')
  await expect(log.live).toContainText('nothing but text')
}

test('live lines that are marked are copied, with their colours and without', async () => {
  await sayInColours()
  const drawn = log.live.locator('> div')
  await mark(drawn.filter({ hasText: 'orange' }), drawn.filter({ hasText: 'nothing but text' }))
  const plain = await copied(() => window.keyboard.press('Control+c'))
  expect(plain.replaceAll(/\d\d:\d\d:\d\d/g, 'TIME')).toBe(
    `TIME    red, orange${gap}far away\nTIME    nothing but text`,
  )
  expect(await copied(() => log.more('Copy the selection'))).toBe(plain)
  const coloured = await copied(() => log.more('Copy with colours'))
  expect(coloured).toContain('\u001b[0;1;38;5;1mred\u001b[0m, \u001b[0;38;5;208morange\u001b[0m')
  expect(coloured.replaceAll(/\u001b\[[0-9;]*m/g, '')).toBe(plain)
})

test('a line of the history is copied, and those that are marked, with their colours and without', async () => {
  await sayInColours()
  await log.stop()
  const [coloured, bare] = [log.row('orange'), log.row('nothing but text')]
  const texts = {
    plain: `red, orange${gap}far away`,
    coloured: `\u001b[0;1;38;5;1mred\u001b[0m, \u001b[0;38;5;208morange\u001b[0m${gap}far away\u001b[0m`,
  }
  expect(await copied(() => log.act(coloured, 'Copy the line'))).toBe(texts.plain)
  expect(await copied(() => log.act(coloured, 'Copy with colours'))).toBe(texts.coloured)
  expect(await copied(() => log.act(bare, 'Copy with colours'))).toBe('nothing but text')
  await mark(coloured.locator('[data-text]'), bare.locator('[data-text]'))
  expect(await copied(() => window.keyboard.press('Control+c'))).toBe(`${texts.plain}\nnothing but text`)
  expect(await copied(() => log.more('Copy the selection'))).toBe(`${texts.plain}\nnothing but text`)
  expect(await copied(() => log.more('Copy with colours'))).toBe(`${texts.coloured}\nnothing but text`)
  await coloured.getByText('orange', { exact: true }).dblclick()
  expect(await copied(() => log.more('Copy the selection'))).toBe('orange')
})

test('a save of a big log says how far it is; cancelled, it leaves nothing, and all goes on', async () => {
  const block = `${out.join('\n')}\n`.repeat(100)
  for (let written = 0; written < 200e6; written += block.length) await appendFile(file('School', 'out'), block)
  const folder = join(place.home.path, 'saved')
  await mkdir(folder)
  await log.more('Save to a file…')
  const dialog = window.getByRole('dialog', { name: 'Save to a file' })
  await dialog.getByRole('textbox', { name: 'File' }).fill(join(folder, 'big.log'))
  await dialog.getByRole('button', { name: 'Save', exact: true }).click()
  const saving = window.getByRole('alert').filter({ hasText: 'Saving…' })
  await expect(saving).toContainText(/[1-9]\d? %/)
  await expect(saving.getByRole('progressbar', { name: 'Saved' })).not.toHaveAttribute('aria-valuenow', '0')
  expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.[0-9a-f]+\.part$/)])
  await saving.getByRole('button', { name: 'Cancel' }).click()
  await expect(saving).toBeHidden()
  await expect.poll(() => readdir(folder)).toEqual([])
  await say('and it goes on')
  await expect(log.live).toContainText('and it goes on')
  expect(await readdir(folder)).toEqual([])
})

const hostile = [
  '\u001b]0;owned\u0007a title',
  '\u001b]8;;https://example.org\u001b\\a link\u001b]8;;\u001b\\',
  '\u001b[2J\u001b[Ha cleared screen',
  'one\u001b[5Aup',
  'back\b\b\bspace',
  'carriage\rreturn',
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '<a href="https://example.org">markup</a>',
  'https://example.org/plain',
  'nul\u0000byte',
  'bell\u0007',
  'right\u202eleft',
  '\u001b[6n\u001b[c\u001bPq#0\u001b\\asked',
  '\u001b[31mred without an end',
  '\u009b2Jeight bits',
  '\u001b[8mhidden\u001b[0m shown',
  'javascript:alert(1)',
]

test('whatever stands in a log is text: in the terminal and in the rows', async () => {
  const title = await window.title()
  await write(file('School', 'error'), [])
  await writeFile(
    file('School', 'out'),
    Buffer.concat([
      ...hostile.map(it => Buffer.from(`${it}\n`)),
      Buffer.from([0xff, 0xfe, 0xc0, 0x0a]),
      Buffer.from(`${'x'.repeat(1_000_000)}\r\n`),
      Buffer.from('the end\n'),
    ]),
  )
  await open('/instances/School/logs', 'School')
  await expect(log.live).toContainText('the end')
  const harmless = async (within: LogPane['lines']): Promise<void> => {
    expect(await window.title()).toBe(title)
    expect(await within.locator('a, img, script, iframe').count()).toBe(0)
    expect(
      await within.evaluate(it =>
        /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/.test(it.textContent ?? ''),
      ),
    ).toBe(false)
  }
  await harmless(log.lines)
  await log.stop()
  await log.lines.focus()
  await window.keyboard.press('Home')
  for (const text of [
    'a title',
    'a link',
    'a cleared screen',
    '<img src=x',
    '<script>',
    '<a href=',
    'https://example.org/plain',
    'asked',
    'red without an end',
    'hidden shown',
    'the end',
  ]) {
    await expect(log.row(text).first(), text).toBeVisible()
  }
  const colours = await Promise.all(
    [log.row('bell'), log.row('hidden shown')].map(it =>
      it.locator('[data-text]').evaluate(text => getComputedStyle(text).color),
    ),
  )
  expect(colours[0]).toBe(colours[1]) // no colour runs over into the next line
  await log
    .row(/x{100}/)
    .getByRole('button', { name: /^… show more of/ })
    .click()
  await expect(log.row(/x{5000}/)).toBeVisible()
  await harmless(log.lines)
})

test("a file that is emptied under one's eyes is told, and followed on", async () => {
  await writeFile(file('School', 'out'), '')
  await expect(log.region.getByText('The file was emptied or replaced')).toBeVisible()
  await say('a new beginning')
  await expect(log.live).toContainText('a new beginning')
  await open('/instances/Quiet/logs', 'Quiet')
  await expect(log.region.getByText('Nothing logged yet')).toBeVisible()
})

test('side by side: a moment of one in the others; remembered; in a window of its own', async () => {
  await log.stop()
  await log.lines.focus()
  await window.keyboard.press('Home')
  await log.act(log.row(/request 12 /), 'Show this time in other logs')
  await expect(window.getByRole('heading', { level: 1, name: 'Logs' })).toBeVisible()
  for (const name of ['School', 'PostgreSQL', 'PgBouncer']) await expect(new LogPane(window, name).region).toBeVisible()
  await expect(new LogPane(window, 'School').row(/request 12 /)).toBeInViewport()
  await window.getByRole('button', { name: 'Close the pane PgBouncer' }).click()
  await expect(window.getByRole('region', { name: /^Log of/ })).toHaveCount(2)
  await go('/instances')
  await window.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Logs' }).click()
  await expect(window.getByRole('region', { name: /^Log of/ })).toHaveCount(2)
  await window.getByRole('button', { name: 'Log: PostgreSQL. Choose another' }).click()
  await window.getByRole('menuitem', { name: /^Quiet/ }).click()
  await expect(new LogPane(window, 'Quiet').region).toBeVisible()

  // a window that is reloaded before it has loaded
  await launched.app.evaluate(({ app }) => {
    app.once('browser-window-created', (_, { webContents }) => {
      webContents.once('did-navigate', () => webContents.reload())
    })
  })
  const opened = launched.app.waitForEvent('window')
  await new LogPane(window, 'School').more('Open in its own window')
  const own = await opened
  const alone = new LogPane(own, 'School')
  await expect(alone.live).toContainText('request 2999')
  await expect(own.getByRole('navigation')).toHaveCount(0)
  await expect.poll(() => own.title()).toContain('School')
  await say('seen in both')
  await expect(alone.live).toContainText('seen in both')
  await own.close()
  await expect(new LogPane(window, 'School').live).toContainText('seen in both')
})

test('a crash: from the grid to its stack in one click', async () => {
  const { name, server } = await place.layOut('mortal-School')
  await place.pm2('start', join(server, 'index.js'), '--name', name, '--cwd', server, '--time', '--max-restarts', '2')
  await go('/instances')
  await expect(list.row(name)).toContainText('Errored', { timeout: 120_000 })
  await list
    .row(name)
    .getByRole('link', { name: /^Why\?/ })
    .click()
  const crash = new LogPane(window, name)
  await expect(crash.row(`Error: I cannot go on, ${name}`).last()).toBeInViewport()
  await expect(crash.row(/at .*index\.js:\d+/).last()).toBeInViewport()
  await place.pm2('delete', name)
})

test('in every look: axe finds nothing, nothing is cut off', async () => {
  const found: string[] = []
  const look = async (name: string): Promise<void> => void found.push(...(await faultsOf(window, name)))
  await look('live')
  await log.search.fill('TypeError')
  await expect(log.current).toBeVisible()
  await look('search')
  await log.time.click()
  await expect(window.getByRole('dialog', { name: 'Time' })).toBeVisible()
  await look('time')
  await window.keyboard.press('Escape')
  await open('/logs/instance.School.both/instance.Quiet.both/app', 'School')
  await expect(log.live).toContainText('request 2999')
  await look('panes')
  await wear(window, { scheme: 'light', width: 1280, height: 800 })
  expect(found).toEqual([])
})
