/** What is always there: navigation, top bar, command palette; and the list of instances. */
import type { Locator, Page } from '@playwright/test'

export type Place = 'Instances' | 'Infrastructure' | 'Health' | 'Activity' | 'Settings'

export class ControlRoom {
  readonly navigation: Locator
  readonly services: Locator
  readonly newInstance: Locator
  readonly search: Locator
  readonly palette: Locator
  /** The first that the palette has found: Enter runs it. */
  readonly found: Locator
  readonly instances: Locator

  constructor(readonly page: Page) {
    this.navigation = page.getByRole('navigation', { name: 'Main' })
    this.services = page.getByRole('group', { name: 'Services' })
    this.newInstance = page.getByRole('banner').getByRole('link', { name: 'New instance' })
    this.search = page.getByRole('button', { name: 'Search' })
    this.palette = page.getByRole('dialog', { name: 'Find' })
    this.found = this.palette.getByRole('option').or(this.palette.getByRole('button')).first()
    this.instances = page.getByRole('table', { name: 'Instances' })
  }

  async go(place: Place): Promise<void> {
    await this.navigation.getByRole('link', { name: new RegExp(`^${place}`) }).click()
    await this.title(place).waitFor()
  }

  title(text: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name: text })
  }

  service(name: 'PostgreSQL' | 'PgBouncer'): Locator {
    return this.services.getByRole('button', { name: new RegExp(`^${name}:`) })
  }

  /** The row of an instance, or of its creation. */
  instance(name: string): Locator {
    return this.instances.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name, exact: true }) })
  }

  /** A Problem's box, found by what it says. */
  problem(text: string | RegExp): Locator {
    return this.page.getByRole('main').locator('[role="alert"], [role="group"]').filter({ hasText: text })
  }

  /** What a screen reports about a job that has ended there. */
  told(text: string): Locator {
    return this.page.getByRole('main').getByRole('status').filter({ hasText: text })
  }

  /** The dialog that asks before something is lost. */
  dialog(title: string | RegExp): Locator {
    return this.page.getByRole('dialog', { name: title })
  }

  async switchWorkspace(): Promise<void> {
    await this.page.getByRole('button', { name: /^Workspace / }).click()
    await this.page.getByRole('menuitem', { name: 'Switch workspace' }).click()
  }
}
