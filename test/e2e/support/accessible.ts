/** What is wrong with a page for those who read it by other means, or on a small screen. */
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { looks, wear } from './looks'

/** axe's rules about colours. All others find the same in light and dark, whose pages differ in nothing else. */
const ofColours = ['color-contrast', 'link-in-text-block']

/**
 * What axe finds in the page as it is, and what is cut off, in each look. @param name of what the page shows
 * @param show as in `Look`
 */
export async function faultsOf(page: Page, name: string, show?: () => Promise<void>): Promise<string[]> {
  const faults: string[] = []
  for (const look of looks) {
    await wear(page, look)
    await show?.()
    const found = await violations(page, look.scheme === 'dark' ? ofColours : undefined)
    if (await isCut(page)) found.push('cut off')
    faults.push(...found.map(it => `${name}, ${look.scheme}, ${look.width}: ${it}`))
  }
  return faults
}

/**
 * axe's own way opens a second page for its report, which Electron cannot; the old way does it in this page. There its
 * program stays: it isn't sent and compiled again, twice each time, which takes longer than its rules.
 */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const there = await page.evaluate(() => 'axe' in window)
  const axe = new AxeBuilder({ page, ...(there && { axeSource: 'void 0' }) }).setLegacyMode(true)
  const found = await axe.options({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) }).analyze()
  return found.violations.map(
    it => `${it.id}: ${it.nodes.map(node => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join(' | ')}`,
  )
}

/**
 * Something wider than the window, so that one would have to scroll sideways, or a row of the list that doesn't end
 * where its head ends.
 */
const isCut = (page: Page): Promise<boolean> =>
  page.evaluate(
    () =>
      document.documentElement.scrollWidth > innerWidth ||
      [...document.querySelectorAll('main')].some(it => it.scrollWidth > it.clientWidth + 1) ||
      [...document.querySelectorAll('table[aria-label="Instances"]')].some(
        table =>
          new Set(
            [...table.querySelectorAll('tr:not([aria-hidden])')].map(it =>
              Math.round([...it.children].findLast(cell => cell.clientWidth > 0)?.getBoundingClientRect().right ?? 0),
            ),
          ).size > 1,
      ),
  )
