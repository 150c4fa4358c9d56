import { expect, type Locator, type Page } from '@playwright/test'

export interface DirectorAnswers { readonly name: string; readonly email: string; /** Absent: one is generated. */ readonly password?: string }

/** Creating an instance: name, port, director, review. */
export class Wizard {
  constructor(private readonly page: Page) {}

  async open(): Promise<void> { await this.page.getByRole('link', { name: 'New instance' }).click() }

  /** The field of the step that is shown: the name of the instance, or of the director. */
  get name(): Locator { return this.page.getByRole('textbox', { name: 'Name' }) }
  get port(): Locator { return this.page.getByRole('textbox', { name: 'Port number' }) }
  get email(): Locator { return this.page.getByRole('textbox', { name: 'E-mail' }) }
  get password(): Locator { return this.page.getByLabel('Password', { exact: true }).and(this.page.locator('input')) }
  get useAnyway(): Locator { return this.page.getByRole('checkbox', { name: 'Use it anyway' }) }
  get create(): Locator { return this.page.getByRole('button', { name: 'Create the instance' }) }

  /** The question of the step that is shown. */
  question(step: 'name' | 'port' | 'director' | 'review'): Locator {
    const texts = { name: 'What is it called?', port: 'Which port does it listen on?', director: 'Who directs it?', review: 'Is this right?' }
    return this.page.getByRole('heading', { level: 2, name: texts[step] })
  }

  async continue(): Promise<void> { await this.page.getByRole('button', { name: 'Continue' }).click() }

  async answerName(name: string): Promise<void> {
    await expect(this.question('name')).toBeVisible()
    await this.name.fill(name)
    await this.continue()
  }

  /** @param port absent: automatic */
  async answerPort(port?: number): Promise<void> {
    await expect(this.question('port')).toBeVisible()
    if (port !== undefined) {
      await this.page.getByRole('radio', { name: 'A port of my choice' }).check()
      await this.port.fill(String(port))
    }
    await this.continue()
  }

  async answerDirector({ name, email, password }: DirectorAnswers): Promise<void> {
    await expect(this.question('director')).toBeVisible()
    await this.name.fill(name)
    await this.email.fill(email)
    if (password === undefined) await this.page.getByText('Generate one').click()
    else await this.password.fill(password)
    await this.continue()
  }

  /** All three questions, then the review. */
  async answer({ name, port, director }: { name: string; port?: number; director: DirectorAnswers }): Promise<void> {
    await this.answerName(name)
    await this.answerPort(port)
    await this.answerDirector(director)
    await expect(this.question('review')).toBeVisible()
  }

  /** Goes from the review to a step. */
  async edit(what: 'name' | 'port' | 'director'): Promise<void> { await this.page.getByRole('button', { name: `Edit ${what}` }).click() }
}
