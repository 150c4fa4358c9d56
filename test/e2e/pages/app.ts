/** The window as its user knows it: by what is written on it. Screens have a page object each. */
import AxeBuilder from '@axe-core/playwright'
import { expect, type Locator, type Page } from '@playwright/test'
import { Activity } from './activity'
import { FirstRun } from './first-run'
import { Infrastructure } from './infrastructure'
import { Instances } from './instances'
import { OperationPage } from './operation'
import { Wizard } from './wizard'

export class AppWindow {
  readonly firstRun: FirstRun
  readonly instances: Instances
  readonly wizard: Wizard
  readonly operation: OperationPage
  readonly activity: Activity
  readonly infrastructure: Infrastructure

  constructor(readonly page: Page) {
    this.firstRun = new FirstRun(page)
    this.instances = new Instances(page)
    this.wizard = new Wizard(page)
    this.operation = new OperationPage(page)
    this.activity = new Activity(page)
    this.infrastructure = new Infrastructure(page)
  }

  /** The screen's title. */
  heading(name: string | RegExp): Locator { return this.page.getByRole('heading', { level: 1, name }) }

  /** Goes there by the left navigation. */
  async go(place: 'Instances' | 'Infrastructure' | 'Activity' | 'Settings'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place }).click()
    await expect(this.heading(place)).toBeVisible()
  }

  /** A service in the top bar; its accessible name is e.g. "PostgreSQL: Running". */
  service(name: 'PostgreSQL' | 'PgBouncer'): Locator {
    return this.page.getByRole('group', { name: 'Services' }).getByRole('button', { name: new RegExp(`^${name}:`) })
  }

  /** A dialog that asks before something is lost. */
  question(title: string | RegExp): Locator { return this.page.getByRole('dialog', { name: title }) }

  /** A Problem, by its message. */
  problem(message: string | RegExp): Locator { return this.page.getByRole('alert').filter({ hasText: message }) }

  /** Fails with what axe finds wrong with the window as it is. */
  async expectAccessible(): Promise<void> {
    const { violations } = await new AxeBuilder({ page: this.page }).setLegacyMode(true).analyze() // legacy: Electron opens no second page for it
    expect(violations.map(it => `${it.id}: ${it.nodes.map(node => node.target.join(' ')).join(', ')}`)).toEqual([])
  }
}
