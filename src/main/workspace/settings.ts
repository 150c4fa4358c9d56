/** Settings of a workspace: its own file over the site's defaults over ours. */
import { z } from 'zod'
import { problem } from '../../shared/problem'
import { settingsSchema, type Settings } from '../../shared/settings'
import { readJson, writeJson } from '../system/files'

/** Any JSON object: checked as a whole once merged. */
const partial = z.record(z.string(), z.json())

export class SettingsFile {
  /**
   * @param path `.instance-manager/settings.json`
   * @param defaults the site's defaults, a file of the same shape: /etc/instance-manager/defaults.json unless named otherwise
   */
  constructor(private readonly path: string, private readonly defaults: string) {}

  /** @throws Problem `file-corrupt` */
  async read(): Promise<Settings> {
    const [site, own] = await Promise.all([readJson(this.defaults, partial), readJson(this.path, partial)])
    const section = (name: string): unknown => merge(site?.[name], own?.[name])
    const merged = { ...site, ...own, ports: section('ports'), containers: section('containers'), logs: section('logs') }
    const result = settingsSchema.safeParse(merged)
    if (result.success) return result.data
    throw problem({
      code: 'file-corrupt', message: `The settings in ${this.path} cannot be used.`,
      cause: result.error.issues.map(it => `${it.path.join('.')}: ${it.message}`).join('; '),
      hint: `Correct the file (or ${this.defaults}, if it is there) and open the workspace again.`,
    })
  }

  /** Changes some settings and keeps the rest of the workspace's file, unknown keys included. */
  async change(values: Partial<Pick<Settings, 'driver'>>): Promise<void> {
    await writeJson(this.path, { ...await readJson(this.path, partial), ...values })
  }
}

/** What is no object stays, for the schema to refuse. */
const merge = (under: unknown, over: unknown): unknown => (isObject(under) && isObject(over) ? { ...under, ...over } : over ?? under)

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)
