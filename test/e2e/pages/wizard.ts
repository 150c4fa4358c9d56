/** Creating an instance: name, port, director, review. */
import { expect, type Locator, type Page } from '@playwright/test'

export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
}

/** Who directs the instances of tests. */
export const person: Person = { name: "Ada O'Brien", email: 'ada@school.example', password: 'a quiet Wednesday 7' }

export class Wizard {
  /** Of the instance. */
  readonly name: Locator
  readonly ownPort: Locator
  readonly port: Locator
  readonly useAnyway: Locator
  readonly directorName: Locator
  readonly email: Locator
  readonly password: Locator
  readonly next: Locator
  readonly create: Locator

  constructor(readonly page: Page) {
    this.name = this.form('name').getByRole('textbox', { name: 'Name' })
    this.ownPort = page.getByRole('radio', { name: 'Choose a port' })
    this.port = page.getByRole('textbox', { name: 'Port number' })
    this.useAnyway = page.getByRole('checkbox', { name: 'Use it anyway' })
    this.directorName = this.form('director').getByRole('textbox', { name: 'Name' })
    this.email = page.getByRole('textbox', { name: 'Email' })
    this.password = this.form('director').getByRole('textbox', { name: 'Password' })
    this.next = page.getByRole('button', { name: 'Continue', exact: true })
    this.create = page.getByRole('button', { name: 'Create the instance' })
  }

  form(step: 'name' | 'port' | 'director' | 'review'): Locator {
    return this.page.getByRole('form', { name: `New instance: ${step}` })
  }

  async fillDirector({ name, email, password }: Person = person): Promise<void> {
    await this.directorName.fill(name)
    await this.email.fill(email)
    await this.password.fill(password)
  }

  /** From the name to the review. @param port absent: automatic */
  async answer(name: string, port?: number): Promise<void> {
    await this.name.fill(name)
    await this.next.click()
    await expect(this.form('port')).toBeVisible()
    if (port !== undefined) {
      await this.ownPort.check()
      await this.port.fill(String(port))
    }
    await this.next.click()
    await this.fillDirector()
    await this.next.click()
    await expect(this.form('review')).toBeVisible()
  }
}
