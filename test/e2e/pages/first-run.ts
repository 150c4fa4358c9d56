import { expect, type Locator, type Page } from '@playwright/test'

/** From no workspace to a running infrastructure. */
export class FirstRun {
  constructor(private readonly page: Page) {}

  async createSample(folder: string): Promise<void> {
    const form = this.page.getByRole('form', { name: 'New workspace from the sample application' })
    await form.getByRole('textbox', { name: 'New folder' }).fill(folder)
    await form.getByRole('button', { name: 'Create the workspace' }).click()
  }

  get existingFolder(): Locator { return this.page.getByRole('form', { name: 'Open an existing folder' }) }

  /** Types a folder; what it has and lacks then shows in `existingFolder`. */
  async typeExisting(folder: string): Promise<void> {
    await this.existingFolder.getByRole('textbox', { name: 'Folder' }).fill(folder)
  }

  async openExisting(folder: string): Promise<void> {
    await this.typeExisting(folder)
    await this.existingFolder.getByRole('button', { name: 'Open the workspace' }).click()
  }

  driver(name: 'Podman' | 'Docker' | 'Embedded'): Locator { return this.page.getByRole('radio', { name }) }

  /** Chooses a driver, unless it is the chosen one. */
  async chooseDriver(name: 'Podman' | 'Docker' | 'Embedded'): Promise<void> {
    await expect(this.driver(name)).toBeVisible()
    if (!(await this.driver(name).isChecked())) await this.driver(name).click()
    await expect(this.driver(name)).toBeChecked()
  }

  /** Starts both services and goes on when they run. @param timeout milliseconds: images may have to be fetched */
  async startInfrastructure(timeout = 180_000): Promise<void> {
    await this.page.getByRole('button', { name: 'Start PostgreSQL and PgBouncer' }).click()
    await this.page.getByRole('button', { name: 'Continue' }).click({ timeout })
  }
}
