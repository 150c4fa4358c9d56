import type { Locator, Page } from '@playwright/test'

/** The list of instances. */
export class Instances {
  constructor(private readonly page: Page) {}

  /** The line of an instance, or of its creation. */
  row(name: string): Locator {
    return this.page.getByRole('table', { name: 'Instances' }).getByRole('row').filter({ has: this.page.getByRole('rowheader', { name, exact: true }) })
  }

  /** Only where there is none yet. */
  get createFirst(): Locator { return this.page.getByRole('link', { name: 'Create the first instance' }) }

  open(name: string): Locator { return this.page.getByRole('button', { name: `Open ${name} in the browser` }) }
}
