/** One operation: its steps, its output, what came of it. */
import type { Locator, Page } from '@playwright/test'

/** A cold release takes a minute; on a busy machine several. */
export const patience = 240_000

export class OperationPage {
  readonly steps: Locator
  /** What the selected step printed. */
  readonly output: Locator
  readonly cancel: Locator
  readonly ready: Locator
  readonly showPassword: Locator
  readonly password: Locator
  readonly tryAgain: Locator

  constructor(readonly page: Page) {
    this.steps = page.getByRole('list', { name: 'Steps' })
    this.output = page.getByRole('region', { name: 'Output', exact: true })
    this.cancel = page.getByRole('main').getByRole('button', { name: 'Cancel…' })
    this.ready = page.getByRole('region', { name: 'Ready' })
    this.showPassword = page.getByRole('button', { name: 'Show the password' })
    this.password = page.getByTestId('password')
    this.tryAgain = page.getByRole('button', { name: 'Try again with the same answers' })
  }

  title(text: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name: text })
  }

  /** The step that is under way. */
  get running(): Locator {
    return this.steps.locator('[aria-current="step"]')
  }

  /** A step by its title; its mark is named by its status: waiting, running, done, undone, "failed, undone" … */
  step(title: string): Locator {
    return this.steps.getByRole('listitem').filter({ hasText: title })
  }
  mark(title: string, status: string): Locator {
    return this.step(title).getByRole('img', { name: status, exact: true })
  }

  /** Waits until the instance is made. */
  async succeeded(name: string): Promise<void> {
    await this.title(`“${name}” is ready`).waitFor({ timeout: patience })
    await this.ready.waitFor()
  }

  /** Made, and not started: its port is someone else's. */
  async madeOnly(name: string): Promise<void> {
    await this.title(`“${name}” was created but isn’t running`).waitFor({ timeout: patience })
    await this.ready.waitFor()
  }

  async undone(name: string): Promise<void> {
    await this.title(new RegExp(`^(Couldn’t create “${name}”|Create “${name}”: (cancelled|rolled back))$`)).waitFor({
      timeout: patience,
    })
  }
}
