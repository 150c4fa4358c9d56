/**
 * Frame times while the list is scrolled and filtered in the real window, with 100 and with 500 instances. In both, a
 * hundred are real PM2 processes, whose usage is pushed meanwhile; the others, spread among them, are folders as the
 * guide's command line creates them. A frame is the time between two calls of requestAnimationFrame. The window runs
 * under Xvfb, rendered by the CPU.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import type { Bench, BenchContext, Measured } from './bench'
import { addInstance, busyWorkspace, inPage, inWindow } from './window'

const running = 100
const all = 500
const spread = all / running // each running one is followed by stopped ones
const rounds = 5

const bench: Bench = {
  name: 'grid',
  async run({ say }) {
    const workspace = await busyWorkspace()
    try {
      const measured: Measured[] = []
      for (let index = 0; index < all; index += spread) await addInstance(workspace, index, { run: true })
      measured.push(...(await inWindow(workspace, running, ({ window }) => measure(window, running, say))))
      for (let index = 0; index < all; index++)
        if (index % spread > 0) await addInstance(workspace, index, { run: false })
      measured.push(...(await inWindow(workspace, all, ({ window }) => measure(window, all, say))))
      return measured
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

async function measure(page: Page, count: number, say: BenchContext['say']): Promise<Measured[]> {
  await delay(5000) // start-up work settles
  const frames = new Map<string, number[][]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, act] of Object.entries(acts)) {
      await inPage(page, 'document.querySelector("main").scrollTop = 0')
      await delay(300)
      frames.set(name, [...(frames.get(name) ?? []), await framesDuring(page, () => act(page))])
    }
    say(
      `${count}, round ${round + 1}: ${[...frames].map(([name, its]) => `${name} ${Math.max(...(its.at(-1) ?? [])).toFixed(0)} ms`).join(', ')}`,
    )
  }
  return [...frames].flatMap(([name, its]): Measured[] => [
    {
      name: `${count} instances, ${name}: worst frame of a round`,
      unit: 'ms',
      values: its.map(it => Math.max(...it)),
      goal: '<= 33',
    },
    {
      name: `${count} instances, ${name}: middle frame of a round`,
      unit: 'ms',
      values: its.map(it => it.toSorted((a, b) => a - b)[Math.floor(it.length / 2)] ?? NaN),
    },
  ])
}

const table = (page: Page): Promise<void> => page.getByText('Table', { exact: true }).click()
const cards = (page: Page): Promise<void> => page.getByText('Grid', { exact: true }).click()

/** The actions performed while frames are measured. */
const acts: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'scrolling the table': scroll,
  'finding by name': async page => {
    const field = page.getByLabel('Find by name')
    for (const text of ['instance-1', '5', 'nothing like it']) {
      await field.pressSequentially(text, { delay: 60 })
      await field.clear()
    }
  },
  'filtering by status': async page => {
    const filters = page.getByRole('group', { name: 'Filter by status' })
    for (const name of [/^Online/, /^All/, /^Online/, /^All/]) {
      await filters.getByRole('button', { name }).click()
      await delay(120)
    }
  },
  'table and cards in turn': async page => {
    for (const show of [cards, table, cards, table]) {
      await show(page)
      await delay(120)
    }
  },
  'scrolling the cards': async page => {
    await cards(page)
    await delay(300)
    await scroll(page)
    await table(page)
  },
}

/** Scrolls down and up with the wheel, about one notch per frame. */
async function scroll(page: Page): Promise<void> {
  await page.mouse.move(700, 500)
  for (const notch of [...Array<number>(30).fill(100), ...Array<number>(30).fill(-100)]) {
    await page.mouse.wheel(0, notch)
    await delay(8)
  }
}

/** Milliseconds between frames during an action. */
async function framesDuring(page: Page, act: () => Promise<void>): Promise<number[]> {
  await inPage(
    page,
    `
    const its = globalThis.measuredFrames = { deltas: [], stop: false }
    let last = performance.now()
    const next = () => {
      const now = performance.now()
      its.deltas.push(now - last)
      last = now
      if (!its.stop) requestAnimationFrame(next)
    }
    await new Promise(requestAnimationFrame)
    last = performance.now()
    requestAnimationFrame(next)
  `,
  )
  await act()
  return inPage(page, 'globalThis.measuredFrames.stop = true; return globalThis.measuredFrames.deltas')
}
