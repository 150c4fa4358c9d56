/**
 * Every screen, light and dark, wide and narrow: axe finds nothing, nothing is cut off, and the keyboard reaches what
 * matters.
 */
import type { Page } from '@playwright/test'
import { ControlRoom } from './pages/control-room'
import { faultsOf } from './support/accessible'
import { expect, test, testHome } from './support/fixtures'
import { tour } from './support/tour'

test('every screen', async ({ prepared }) => {
  test.setTimeout(900_000)
  const place = await testHome()
  try {
    const { window, close } = await place.launch()
    const found: string[] = []
    await tour(window, place, prepared, async (name, show) => {
      found.push(...(await faultsOf(window, name, show)))
    })
    expect(found).toEqual([])
    await close()
  } finally {
    await place.remove()
  }
})

test('the keyboard reaches navigation, services, search and the main job, and shows where it is', async ({
  prepared,
}) => {
  const place = await testHome()
  try {
    await place.placeWorkspace(prepared)
    const { window } = await place.launch({ workspace: place.root })
    await window.getByRole('button', { name: 'Later' }).click()
    const room = new ControlRoom(window)
    await room.go('Instances')
    const reached = await tabThrough(window)
    for (const name of [
      'Skip to content',
      'Instances',
      'Infrastructure',
      'Activity',
      'Settings',
      'PostgreSQL: Not set up',
      'Search',
      'New instance',
    ]) {
      expect(
        reached.map(it => it.name),
        name,
      ).toContain(name)
    }
    expect(reached.filter(it => !it.visible)).toEqual([])
    await window.keyboard.press('Control+k')
    await expect(
      room.palette
        .getByRole('combobox')
        .or(room.palette.getByRole('textbox'))
        .or(room.palette.getByRole('searchbox'))
        .first(),
    ).toBeFocused()
    await window.keyboard.type('settings')
    await expect(room.found).toContainText('Settings')
    await window.keyboard.press('Enter')
    await expect(room.title('Settings')).toBeVisible()
  } finally {
    await place.remove()
  }
})

/** Tab until it comes round: what gets the focus, and whether one sees it. */
async function tabThrough(page: Page): Promise<{ name: string; visible: boolean }[]> {
  const reached: { name: string; visible: boolean }[] = []
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const it = document.activeElement
      if (!(it instanceof HTMLElement) || it === document.body) return undefined // once round
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(it)
      const { width, height, left, top } = it.getBoundingClientRect()
      const shown = width > 0 && height > 0 && left >= 0 && top >= 0
      return {
        name: it.getAttribute('aria-label') ?? it.innerText.trim(),
        visible: shown && ((outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none'),
      }
    })
    if (at && reached.some(it => it.name === at.name)) break
    if (at) reached.push(at)
  }
  return reached
}
