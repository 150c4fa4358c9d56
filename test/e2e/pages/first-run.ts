/** The screens before the control room. They take a page, whether a window or a browser's tab shows it. */
import { expect, type Locator, type Page } from '@playwright/test'

export class FirstRun {
  readonly title: Locator
  /** A new workspace with the sample application. */
  readonly sample: Locator
  /** A folder that has an application. */
  readonly existing: Locator
  readonly recent: Locator

  constructor(readonly page: Page) {
    this.title = page.getByRole('heading', { name: 'Choose a workspace' })
    this.sample = page.getByRole('form', { name: 'New workspace from the sample application' })
    this.existing = page.getByRole('form', { name: 'Open an existing folder' })
    this.recent = page.getByRole('region', { name: 'Recent workspaces' })
  }

  async createSample(path: string): Promise<void> {
    await folderField(this.sample, 'New folder').fill(path)
    await this.sample.getByRole('button', { name: 'Create the workspace' }).click()
  }

  /** Types an existing folder; what it has and lacks is shown then. */
  async type(path: string): Promise<void> {
    await folderField(this.existing, 'Folder').fill(path)
  }

  get open(): Locator {
    return this.existing.getByRole('button', { name: 'Open the workspace' })
  }

  /** What a folder has, or has not, of what is needed. */
  check(state: 'found' | 'missing'): Locator {
    return this.existing.getByRole('listitem').filter({ has: this.page.getByLabel(state, { exact: true }) })
  }
}

/** A fresh workspace gets its infrastructure. */
export class Setup {
  readonly title: Locator
  readonly start: Locator
  readonly goOn: Locator

  constructor(readonly page: Page) {
    this.title = page.getByRole('heading', { name: /infrastructure/ })
    this.start = page.getByRole('button', { name: 'Start PostgreSQL and PgBouncer' })
    this.goOn = page.getByRole('button', { name: 'Continue' })
  }

  driver(name: 'Podman' | 'Docker' | 'Embedded'): Locator {
    return this.page.getByRole('radio', { name })
  }

  /** Starts both services and goes on to the control room. */
  async complete(): Promise<void> {
    await this.start.click()
    await this.goOn.click({ timeout: 120_000 })
    await expect(this.goOn).toBeHidden()
  }
}

/** Plain in a window, which has a native dialog beside it; with suggestions on a served page. */
const folderField = (card: Locator, name: string): Locator =>
  card.getByRole('textbox', { name, exact: true }).or(card.getByRole('combobox', { name, exact: true }))
