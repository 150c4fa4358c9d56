/** How a window can look: light and dark, as wide as usual and as narrow as it gets. */
import type { Page } from '@playwright/test'

export interface LookOf { readonly scheme: 'light' | 'dark'; readonly width: number; readonly height: number }

export const looks: readonly LookOf[] = (['light', 'dark'] as const).flatMap(scheme =>
  [{ scheme, width: 1280, height: 800 }, { scheme, width: 900, height: 720 }])

/** Dresses the page, and waits until nothing moves any more. */
export async function wear(page: Page, { scheme, width, height }: LookOf): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height })
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor()
  await page.evaluate(async () => {
    const frames = (): Promise<unknown> => new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(done)) })
    // One change of colour can start the next, in what inherits it.
    const moving = (): Animation[] => document.getAnimations().filter(it => it.playState === 'running' && it.effect?.getComputedTiming().endTime !== Infinity)
    await document.fonts.ready
    await frames()
    for (let now = moving(); now.length > 0; now = moving()) {
      await Promise.allSettled(now.map(it => it.finished))
      await frames()
    }
  })
}
