import type { Locator, Page } from '@playwright/test'

/** The two services. */
export class Infrastructure {
  constructor(private readonly page: Page) {}

  card(name: 'PostgreSQL' | 'PgBouncer'): Locator { return this.page.getByRole('region', { name }) }

  async start(): Promise<void> { await this.page.getByRole('button', { name: 'Start', exact: true }).click() }

  async stop(): Promise<void> {
    await this.page.getByRole('button', { name: 'Stop…' }).click()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Stop both' }).click()
  }
}
