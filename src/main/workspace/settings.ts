/** Settings of a workspace: its own file over the site's defaults over ours. */
import { z } from 'zod'
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
    const [site, own] = await Promise.all([readJson(this.defaults, settingsSchema.partial()), readJson(this.path, settingsSchema.partial())])
    if (site === undefined && own === undefined) return settingsSchema.parse({})
    // Read again without the schema: filled-in defaults of the workspace's file must not hide the site's values.
    const [siteRaw, ownRaw] = await Promise.all([readJson(this.defaults, partial), readJson(this.path, partial)])
    return settingsSchema.parse({
      ...siteRaw, ...ownRaw,
      ports: { ...asObject(siteRaw?.['ports']), ...asObject(ownRaw?.['ports']) },
      containers: { ...asObject(siteRaw?.['containers']), ...asObject(ownRaw?.['containers']) },
    })
  }

  /** Changes some settings and keeps the rest of the workspace's file, unknown keys included. */
  async change(values: Partial<Pick<Settings, 'driver'>>): Promise<void> {
    await writeJson(this.path, { ...await readJson(this.path, partial), ...values })
  }
}

const asObject = (value: unknown): object => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {})
