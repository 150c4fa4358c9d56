/** How a window can look: light and dark, as wide as usual and as narrow as it gets. */
import type { Page } from '@playwright/test'

export interface LookOf {
  readonly scheme: 'light' | 'dark'
  readonly width: number
  readonly height: number
}

const [wide, narrow] = [
  { width: 1280, height: 800 },
  { width: 900, height: 720 },
]

/** From one to the next, either the colours or the width change; the last is worn until the next stop. */
export const looks: readonly LookOf[] = [
  { scheme: 'light', ...wide },
  { scheme: 'dark', ...wide },
  { scheme: 'dark', ...narrow },
  { scheme: 'light', ...narrow },
]

/** Dresses the page, and waits until nothing moves any more. */
export async function wear(page: Page, { scheme, width, height }: LookOf): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height })
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
  await settled(page)
}

/** Waits until nothing moves any more: what is still fading in, for one, has less contrast. */
export async function settled(page: Page): Promise<void> {
  // No named function in it: tsx would mark it with a helper that the page does not have.
  await page.evaluate(async () => {
    await document.fonts.ready
    // One change of colour can start the next, in what inherits it.
    for (let still = false; !still;) {
      await new Promise(done => {
        requestAnimationFrame(() => requestAnimationFrame(done))
      })
      const moving = document
        .getAnimations()
        .filter(it => it.playState === 'running' && it.effect?.getComputedTiming().endTime !== Infinity)
      await Promise.allSettled(moving.map(it => it.finished))
      still = moving.length === 0
    }
  })
}
