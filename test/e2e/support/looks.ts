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
    await document.fonts.ready
    const ending = document.getAnimations().filter(it => it.effect?.getComputedTiming().endTime !== Infinity)
    await Promise.allSettled(ending.map(it => it.finished))
    await new Promise(done => { requestAnimationFrame(() => requestAnimationFrame(done)) })
  })
}
