import type { Locator, Page } from '@playwright/test'

/** All operations. */
export class Activity {
  constructor(private readonly page: Page) {}

  /** Newest first, open ones on top; e.g. job "Create ‘alpha’". */
  rows(job: string): Locator {
    return this.page.getByRole('table', { name: 'Operations' }).getByRole('row').filter({ has: this.page.getByRole('rowheader', { name: job, exact: true }) })
  }
}
