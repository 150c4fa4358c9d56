import type { Locator, Page } from '@playwright/test'

/** One operation: its steps, its output, what came of it. */
export class OperationPage {
  constructor(private readonly page: Page) {}

  /** A step by its title; its mark is named by its status: waiting, running, done, undoing, undone, "failed, undone", "needs you". */
  step(title: string): Locator { return this.page.getByRole('list', { name: 'Steps' }).getByRole('listitem').filter({ hasText: title }) }
  status(title: string, status: string): Locator { return this.step(title).getByRole('img', { name: status, exact: true }) }

  /** What the selected step printed. */
  get output(): Locator { return this.page.getByRole('region', { name: 'Output', exact: true }) }

  async cancel(): Promise<void> {
    await this.page.getByRole('button', { name: 'Cancel…' }).click()
    await this.page.getByRole('dialog').getByRole('button', { name: 'Cancel and undo' }).click()
  }

  get retry(): Locator { return this.page.getByRole('button', { name: 'Try again', exact: true }) }
  get rollBack(): Locator { return this.page.getByRole('button', { name: 'Roll back' }) }
  get tryAgain(): Locator { return this.page.getByRole('button', { name: 'Try again with the same answers' }) }
  get open(): Locator { return this.page.getByRole('region', { name: 'Ready' }).getByRole('button', { name: 'Open' }) }

  /** Shows the director's password; it can be done once. */
  async takePassword(): Promise<string> {
    await this.page.getByRole('button', { name: 'Show the password' }).click()
    return this.page.getByTestId('password').innerText()
  }
}
