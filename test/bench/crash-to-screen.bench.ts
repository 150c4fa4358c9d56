/**
 * From kill -9 of an instance's process to the frame in which its row in the real window shows it, with a hundred
 * instances, each a real PM2 process. Both ends read the same clock. The window runs under Xvfb, without a graphics
 * card.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import type { TestWorkspace } from '../support/workspace'
import type { Bench } from './bench'
import { addInstance, busyWorkspace, inPage, inWindow, nameOf } from './window'

const count = 100
const kills = 25
/** Milliseconds before each kill, increasing, so that they hit different phases of the app's timers. */
const pause = (kill: number): number => 1200 + kill * 60

const bench: Bench = {
  name: 'crash-to-screen',
  async run({ say }) {
    const workspace = await busyWorkspace()
    try {
      for (let index = 0; index < count; index++) await addInstance(workspace, index, { run: true })
      say(`${count} instances run; ${kills} of them are killed`)
      const values = await inWindow(workspace, count, ({ window }) => measure(workspace, window))
      return [{ name: `kill -9 to the row on the screen, ${count} instances`, unit: 'ms', values, goal: '<= 250' }]
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

async function measure({ processes }: TestWorkspace, window: Page): Promise<number[]> {
  await delay(5000) // start-up work settles
  const values: number[] = []
  for (let kill = 0; kill < kills; kill++) {
    const index = (kill * 7) % count
    const { pid } = (await processes.list()).find(it => it.name === nameOf(index)) ?? {}
    if (pid === undefined) throw new Error(`${nameOf(index)} does not run`)
    await watchRow(window, index)
    await delay(pause(kill))
    const killed = Date.now()
    process.kill(pid, 'SIGKILL')
    values.push((await inPage<number>(window, 'return globalThis.told')) - killed)
  }
  return values
}

/**
 * Scrolls a row into view; `told` in the page becomes the time when its new status or restart count was drawn. Uptime
 * and usage change anyway.
 */
const watchRow = (window: Page, index: number): Promise<void> =>
  inPage(
    window,
    `
  const frame = () => new Promise(requestAnimationFrame)
  const row = () => [...document.querySelectorAll('tr[data-row]')].find(it => it.querySelector('[data-control=name]').textContent === '${nameOf(index)}')
  document.querySelector('main').scrollTop = ${index} * document.querySelector('tr[data-row]').offsetHeight
  while (!row()) await frame()
  const restarts = [...document.querySelectorAll('thead th')].findIndex(it => it.textContent === 'Restarts')
  const text = () => { const it = row(); return it.dataset.status + ' ' + it.children[restarts].textContent }
  const before = text()
  globalThis.told = new Promise(resolve => {
    const observer = new MutationObserver(() => {
      if (text() === before) return
      observer.disconnect()
      // The task after the next frame's callbacks runs once that frame is drawn.
      requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => resolve(Date.now()); port2.postMessage(0) })
    })
    observer.observe(row().closest('tbody'), { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['data-status'] })
  })
`,
  )
