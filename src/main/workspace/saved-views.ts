/** The workspace's saved views of the list of instances, for all of its windows and browsers. */
import { z } from 'zod'
import { compareNames } from '../../shared/compare-names'
import { problem } from '../../shared/problem'
import { isNamed, mostViews, savedViewSchema, type SavedView } from '../../shared/saved-views'
import { readJson, writeJson } from '../system/files'
import { Latest } from '../system/latest'
import { SerialQueue } from '../system/serial-queue'

export class SavedViews {
  readonly #queue = new SerialQueue()
  /** The number of changes so far. */
  readonly #changes = new Latest(0)
  readonly #path: string

  /** @param path a file in the workspace's own folder */
  constructor(path: string) {
    this.#path = path
  }

  /** By name; now and after each change. @throws Problem `file-corrupt` */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly SavedView[], void> {
    for await (const _ of this.#changes.follow(signal)) yield await this.#read()
  }

  /** Replaces a view of that name. @throws Problems `too-many-views`, `file-corrupt` */
  save(view: SavedView): Promise<void> {
    return this.#change(views => [...without(views, view.name), view])
  }

  remove(name: string): Promise<void> {
    return this.#change(views => without(views, name))
  }

  async #read(): Promise<readonly SavedView[]> {
    return (await readJson(this.#path, z.array(savedViewSchema))) ?? []
  }

  #change(how: (views: readonly SavedView[]) => readonly SavedView[]): Promise<void> {
    return this.#queue.run(async () => {
      const views = how(await this.#read())
      if (views.length > mostViews) throw tooMany()
      await writeJson(
        this.#path,
        views.toSorted((a, b) => compareNames(a.name, b.name)),
      )
      this.#changes.set(this.#changes.value + 1)
    })
  }
}

const without = (views: readonly SavedView[], name: string): SavedView[] => views.filter(it => !isNamed(name)(it))

const tooMany = () =>
  problem({
    code: 'too-many-views',
    message: `There are already ${mostViews} saved views.`,
    hint: 'Delete one that you no longer use, then save this one.',
  })
