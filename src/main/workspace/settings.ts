/** Settings of a workspace: its own file over the site's defaults over ours. */
import { z } from 'zod'
import { settingsSchema, type Settings } from '../../shared/settings'
import { explain } from '../system/explain'
import { corrupt, readJson, writeJson } from '../system/files'

/** Any JSON object: what is in it is checked apart. */
const partial = z.record(z.string(), z.json())
type Partly = z.infer<typeof partial>

export class SettingsFile {
  /**
   * @param path `.instance-manager/settings.json`
   * @param defaults the site's defaults, a file of the same shape: /etc/instance-manager/defaults.json unless named
   * otherwise
   */
  constructor(
    private readonly path: string,
    private readonly defaults: string,
  ) {}

  /** @throws Problem `file-corrupt` that names the file and the key, an unknown one too; `file-too-large` */
  async read(): Promise<Settings> {
    const [site, own] = await Promise.all([readPart(this.defaults), readPart(this.path)])
    const section = (name: string): unknown => merge(site?.[name], own?.[name])
    return settingsSchema.parse({
      ...site,
      ...own,
      ports: section('ports'),
      containers: section('containers'),
      logs: section('logs'),
    })
  }

  /** Changes some settings and keeps the rest of the workspace's file. */
  async change(values: Partial<Pick<Settings, 'driver'>>): Promise<void> {
    await writeJson(this.path, { ...(await readPart(this.path)), ...values })
  }
}

/** What the file itself says, without defaults. */
async function readPart(path: string): Promise<Partly | undefined> {
  const found = await readJson(path, partial)
  const result = settingsSchema.safeParse(found ?? {})
  if (!result.success)
    throw corrupt(path, explain(result.error, settingsSchema), 'Correct it and open the workspace again.')
  return found
}

/** What is no object stays, for the schema to refuse. */
const merge = (under: unknown, over: unknown): unknown =>
  isObject(under) && isObject(over) ? { ...under, ...over } : (over ?? under)

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
