/** A log's view, wherever it stands: in a pane, on an instance's page, in a window of its own. */
import type { Locator, Page } from '@playwright/test'

export class LogPane {
  readonly region: Locator
  /** Where the lines are; it takes the keyboard. */
  readonly lines: Locator
  /** The terminal, while it follows. */
  readonly live: Locator
  /** The rows of the history. */
  readonly rows: Locator
  readonly search: Locator
  readonly matches: Locator
  readonly errorsOnly: Locator
  /** How many lines came since following stopped. */
  readonly pill: Locator
  readonly follow: Locator
  readonly time: Locator

  /** @param name of the log, as its heading says */
  constructor(
    readonly page: Page,
    name: string,
  ) {
    this.region = page.getByRole('region', { name: `Log of ${name}`, exact: true })
    this.lines = this.region.getByRole('log')
    this.live = this.region.getByTestId('live').locator('.xterm-rows')
    this.rows = this.region.locator('[data-line]')
    this.search = this.region.getByRole('textbox', { name: 'Search the log' })
    this.matches = this.region.getByRole('status', { name: 'Matches' })
    this.errorsOnly = this.region.getByRole('button', { name: 'Errors only' })
    this.pill = this.region.getByRole('button', { name: /new lines?$/ })
    this.follow = this.region.getByRole('button', { name: 'Follow', exact: true })
    this.time = this.region.getByRole('button', { name: /^Time: / })
  }

  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text })
  }
  /** The match that one is at. */
  get current(): Locator {
    return this.region.locator('[data-current]')
  }
  stream(word: 'Both' | 'Out' | 'Err'): Locator {
    return this.region.getByRole('radiogroup', { name: 'Stream' }).getByText(word, { exact: true })
  }

  /** As one who turns the wheel over the lines. */
  async wheel(pixels: number): Promise<void> {
    await this.lines.hover()
    await this.page.mouse.wheel(0, pixels)
  }

  /** Leaves the live lines for the history. */
  async stop(): Promise<void> {
    await this.wheel(-60)
    await this.region.locator('[data-mode="history"]').waitFor()
  }

  async more(word: string): Promise<void> {
    await this.region.getByRole('button', { name: 'More options' }).click()
    await this.page
      .getByRole('menuitem', { name: word })
      .or(this.page.getByRole('menuitemcheckbox', { name: word }))
      .click()
  }

  /** What can be done with a line. */
  async act(line: Locator, word: string): Promise<void> {
    await line.click({ button: 'right' })
    await this.page.getByRole('menu', { name: 'This line' }).getByRole('menuitem', { name: word, exact: true }).click()
  }
}
