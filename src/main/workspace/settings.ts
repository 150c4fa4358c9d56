/** A workspace's settings: its own file overrides the site's defaults, which override ours. */
import { z } from 'zod'
import { problem } from '../../shared/problem'
import {
  allSettings,
  invalid,
  settingOf,
  type Setting,
  type SettingChanges,
  type SettingState,
  type SettingValue,
} from '../../shared/setting-list'
import { settingsSchema, type Settings } from '../../shared/settings'
import { explain } from '../system/explain'
import { corrupt, readJson, writeJson } from '../system/files'
import { Latest } from '../system/latest'
import { SerialQueue } from '../system/serial-queue'

/** Any JSON object: its content is checked separately. */
const partSchema = z.record(z.string(), z.json())
type Part = z.infer<typeof partSchema>
type Json = Part[string]

/** Refuses a change that would do harm. @throws a Problem whose `field` is the setting's key */
export type SettingsGuard = (before: Settings, after: Settings) => Promise<void>

export class SettingsFile {
  readonly #path: string
  readonly #defaults: string
  readonly #guards: SettingsGuard[] = []
  readonly #queue = new SerialQueue()
  /** The number of changes so far. */
  readonly #changes = new Latest(0)

  /**
   * @param path `.instance-manager/settings.json`
   * @param defaults the site's defaults, a file in the same format: /etc/instance-manager/defaults.json by default
   */
  constructor(path: string, defaults: string) {
    this.#path = path
    this.#defaults = defaults
  }

  /** @throws Problem `file-corrupt`, which names the file and the invalid or unknown key; `file-too-large` */
  async read(): Promise<Settings> {
    const [site, own] = await this.#parts()
    return parsed(site, own)
  }

  /** Every setting with its value and where that comes from. @throws as `read` */
  async list(): Promise<readonly SettingState[]> {
    const [site, own] = await this.#parts()
    const [present, fallback] = [parsed(site, own), parsed(site, {})]
    return allSettings.map(setting => {
      const byDefault = at(site, setting) === undefined ? 'product' : 'site'
      return {
        key: setting.key,
        value: at(present, setting) as SettingValue | undefined,
        origin: at(own, setting) === undefined ? byDefault : 'workspace',
        fallback: { value: at(fallback, setting) as SettingValue | undefined, origin: byDefault },
      }
    })
  }

  /** As `list`, now and after each change made through this object. */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly SettingState[], void> {
    for await (const _ of this.#changes.follow(signal)) yield await this.list()
  }

  /** Adds a check that every further change must pass. */
  guard(check: SettingsGuard): void {
    this.#guards.push(check)
  }

  /** As they would be after these changes. @throws as `change`, but for what a guard throws */
  async with(changes: SettingChanges): Promise<Settings> {
    const [site, own] = await this.#parts()
    return parsed(site, changed(own, changes))
  }

  /**
   * Changes settings, all or none, and keeps the rest of the workspace's file. One change at a time.
   * @param how not `guarded`: for a job that has made sure itself that the change does no harm
   * @throws Problems `setting-unknown`, `input` (an invalid value), what a guard throws; as `read`
   */
  change(changes: SettingChanges, { guarded = true } = {}): Promise<void> {
    return this.#queue.run(() => this.#change(changes, guarded))
  }

  async #change(changes: SettingChanges, guarded: boolean): Promise<void> {
    const [site, own] = await this.#parts()
    const wanted = changed(own, changes)
    const [before, after] = [parsed(site, own), parsed(site, wanted)]
    for (const check of guarded ? this.#guards : []) await check(before, after)
    await writeJson(this.#path, wanted)
    this.#changes.set(this.#changes.value + 1)
  }

  async #parts(): Promise<[site: Part, own: Part]> {
    return [await readPart(this.#defaults), await readPart(this.#path)]
  }
}

/** The file's own content, without defaults; empty if there is none. */
async function readPart(path: string): Promise<Part> {
  const found = (await readJson(path, partSchema)) ?? {}
  const result = settingsSchema.safeParse(found)
  if (!result.success)
    throw corrupt(path, explain(result.error, settingsSchema), 'Correct it, then open the workspace again.')
  return found
}

/** Merges section by section, key by key. */
const parsed = (site: Part, own: Part): Settings =>
  settingsSchema.parse(
    Object.fromEntries(Object.keys({ ...site, ...own }).map(name => [name, merge(site[name], own[name])])),
  )

const merge = (under: Json | undefined, over: Json | undefined): Json | undefined =>
  isObject(under) && isObject(over) ? { ...under, ...over } : (over ?? under)

const isObject = (value: unknown): value is Part => typeof value === 'object' && value !== null && !Array.isArray(value)

const lastPart = (key: string): string => key.slice(key.indexOf('.') + 1)

function at(values: Readonly<Record<string, unknown>>, { key, section }: Setting): unknown {
  const within = section === undefined ? values : values[section]
  return isObject(within) ? within[lastPart(key)] : undefined
}

/** The file's content with these changes. @throws Problems `setting-unknown`, `input` */
function changed(own: Part, changes: SettingChanges): Part {
  const wanted = structuredClone(own)
  for (const [key, value] of Object.entries(changes)) put(wanted, settingOf(key), value)
  return wanted
}

/** @param value null removes the setting, and its section if that is then empty. @throws Problem `input` */
function put(values: Part, setting: Setting, value: SettingValue | null): void {
  const wrong = value === null ? undefined : invalid(setting, value)
  if (wrong !== undefined)
    throw problem({ code: 'input', message: wrong, field: setting.key, hint: 'Correct it, then try again.' })
  const { section, key } = setting
  const present = section === undefined ? values : values[section]
  const within: Part = isObject(present) ? present : {}
  if (value === null) delete within[lastPart(key)]
  else within[lastPart(key)] = value
  if (section === undefined) return
  if (Object.keys(within).length > 0) values[section] = within
  else delete values[section]
}
