/** The settings one by one, as the screen, the command `settings` and docs/settings.md list, read and change them. */
import { z } from 'zod'
import type { ServiceName } from './infrastructure'
import { nearest } from './nearest'
import { problem } from './problem'
import {
  sectionWords,
  settingsSchema,
  settingWords,
  type SectionWords,
  type Settings,
  type SettingWords,
} from './settings'

export type SettingValue = string | number

/** The description of one setting. */
export interface Setting extends SettingWords {
  /** Dotted, e.g. `ports.postgres`. */
  readonly key: string
  /** The first part of a dotted key. */
  readonly section?: string
  readonly numeric: boolean
  /** The values to choose from, unless anything can be typed. */
  readonly choices?: readonly string[]
  readonly schema: z.ZodType
}

export interface SettingsSection extends SectionWords {
  readonly name: string
  readonly settings: readonly Setting[]
}

/** Unwraps defaults and optionals. */
const inner = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? inner(schema.unwrap() as z.ZodType)
    : schema

function described(key: string, schema: z.ZodType, section?: string): Setting {
  const text = settingWords.get(schema)
  if (!text) throw new Error(`The setting ${key} isn't described.`)
  const type = inner(schema)
  const choices = type instanceof z.ZodEnum ? type.options.map(String) : undefined
  return { ...text, key, section, schema, numeric: type instanceof z.ZodNumber, choices }
}

/** All settings, in schema order. */
export const allSettings: readonly Setting[] = Object.entries(settingsSchema.shape).flatMap(([name, schema]) => {
  const object = inner(schema)
  return object instanceof z.ZodObject
    ? Object.entries(object.shape).map(([key, field]) => described(`${name}.${key}`, field as z.ZodType, name))
    : [described(name, schema)]
})

/** The settings of a service's own configuration. */
export const serviceSettings = (service: ServiceName): readonly Setting[] =>
  allSettings.filter(it => it.section === service)

/** @throws Problem `setting-unknown` */
export function settingOf(key: string): Setting {
  const found = allSettings.find(it => it.key === key)
  if (found) return found
  const meant = nearest(
    key,
    allSettings.map(it => it.key),
  )
  throw problem({
    code: 'setting-unknown',
    message: `There is no setting “${key}”.`,
    hint: meant === undefined ? 'Run “instance-manager settings get” to list them.' : `Did you mean ${meant}?`,
  })
}

export const settingsSections: readonly SettingsSection[] = Object.entries(settingsSchema.shape).flatMap(
  ([name, schema]) => {
    const text = sectionWords.get(schema)
    return text ? [{ ...text, name, settings: allSettings.filter(it => it.section === name) }] : []
  },
)

/** Converts typed text to a value. Invalid numbers stay text, for the schema to reject. */
export const valueOf = ({ numeric }: Setting, text: string): SettingValue =>
  numeric && /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text.trim()

/** Why the value is invalid; undefined if it is valid. */
export const invalid = ({ schema }: Setting, value: SettingValue): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message

/** Where a setting's value comes from: the workspace's file, the site's defaults, or ours. */
export type SettingOrigin = 'workspace' | 'site' | 'product'

/** A setting's current value. */
export interface SettingState {
  readonly key: string
  /** Absent if nothing has been chosen. */
  readonly value?: SettingValue
  readonly origin: SettingOrigin
  /** The value if the workspace didn't set one. */
  readonly fallback: { readonly value?: SettingValue; readonly origin: Exclude<SettingOrigin, 'workspace'> }
}

/** All settings from their states. @throws ZodError if another version's states lack one that has no default */
export const settingsOf = (states: readonly SettingState[]): Settings => {
  const found: Record<string, unknown> = {}
  for (const { key, value } of states) {
    const [section, name] = key.split('.') as [string, string?]
    if (name === undefined) found[section] = value
    else found[section] = { ...(found[section] as object | undefined), [name]: value }
  }
  return settingsSchema.parse(found)
}

/** By key; null resets to the default. */
export const settingChangesSchema = z.record(z.string().max(100), z.union([z.string().max(1000), z.number(), z.null()]))
export type SettingChanges = Readonly<z.infer<typeof settingChangesSchema>>
