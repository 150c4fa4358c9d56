/** The list of instances: what is above it, its rows and cards, and what is asked and told about them. */
import { expect, type Locator, type Page } from '@playwright/test'
import { ControlRoom } from './control-room'

export class InstanceList {
  readonly room: ControlRoom
  readonly search: Locator
  readonly chosen: Locator
  /** What came of a job on many. */
  readonly report: Locator
  readonly notDone: Locator
  readonly menu: Locator

  constructor(readonly page: Page) {
    this.room = new ControlRoom(page)
    this.search = page.getByRole('textbox', { name: 'Find by name' })
    this.chosen = page.getByRole('toolbar', { name: 'Selected instances' })
    this.report = page.getByRole('region', { name: 'Result' })
    this.notDone = this.report.getByRole('list', { name: 'Failed or skipped' }).getByRole('listitem')
    this.menu = page.getByRole('menu')
  }

  row(name: string): Locator {
    return this.room.instance(name)
  }
  card(name: string): Locator {
    return this.page.getByRole('list', { name: 'Instances' }).getByRole('listitem', { name, exact: true })
  }

  /** By the words of its filter chip, e.g. `Errored`. */
  filter(word: string): Locator {
    return this.page
      .getByRole('group', { name: 'Filter by status' })
      .getByRole('button', { name: new RegExp(`^${word}`) })
  }
  /** The label: its radio button is drawn out of sight. */
  view(word: 'Table' | 'Grid'): Locator {
    return this.page.getByRole('radiogroup', { name: 'Layout' }).getByText(word, { exact: true })
  }

  /** The banner that says so. */
  banner(text: string | RegExp): Locator {
    return this.page.getByRole('main').getByRole('group', { name: text })
  }

  /** A row's own button, e.g. `Start`. */
  button(word: 'Start' | 'Stop', name: string): Locator {
    return this.row(name).getByRole('button', { name: `${word} ${name}`, exact: true })
  }

  /** Finds by name and chooses all that are found. */
  async choose(query: string, count: number): Promise<void> {
    await this.search.fill(query)
    await expect(this.room.instances.getByRole('row')).toHaveCount(count + 1)
    await this.page.getByRole('checkbox', { name: 'Select all shown instances' }).check()
    await expect(this.chosen).toContainText(`${count} selected`)
  }

  async act(name: string, action: string): Promise<void> {
    await this.row(name)
      .getByRole('button', { name: `Actions for ${name}` })
      .click()
    await this.menu.getByRole('menuitem', { name: action }).click()
  }

  /** Goes to an instance's page. */
  async show(name: string): Promise<void> {
    await this.row(name).getByRole('link', { name, exact: true }).click()
    await this.room.title(name).waitFor()
  }

  /** What is told in the corner. */
  news(text: string | RegExp): Locator {
    return this.page.getByRole('alert').filter({ hasText: text })
  }
}
