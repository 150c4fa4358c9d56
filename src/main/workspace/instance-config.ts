/**
 * An instance's config.json: the only place that reads and writes it. It has the guide's exact keys and some of ours;
 * keys that we don't know are kept. Holds the database's password, so it is readable by us alone.
 */
import { instanceConfigSchema, type InstanceConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import { readJson, writeJson } from '../system/files'
import { KeyedQueue } from '../system/serial-queue'

/** By the file's path: two changes of the same instance must not undo each other, wherever they come from. */
const changes = new KeyedQueue()

/**
 * @param path `InstancePaths.config`
 * @returns undefined if there is no such file
 * @throws Problem `file-corrupt`, `file-too-large`
 */
export const readInstanceConfig = (path: string): Promise<InstanceConfig | undefined> =>
  readJson(path, instanceConfigSchema)

/** As `readInstanceConfig`. @throws Problem `config-missing` if there is no such file */
export async function requireInstanceConfig(path: string): Promise<InstanceConfig> {
  const config = await readInstanceConfig(path)
  if (config) return config
  throw configMissing(path)
}

export const configMissing = (path: string) =>
  problem({ code: 'config-missing', message: `${path} is missing.`, hint: 'Restore it, then try again.' })

/** Writes a whole new one: of an instance that is created, or adopted. */
export const writeInstanceConfig = (path: string, config: InstanceConfig): Promise<void> =>
  changes.run(path, () => writeJson(path, config, 0o600))

/**
 * Changes some of it. A crash leaves the old or the new file.
 * @param how what it becomes, from what it is now; a key that is undefined is removed
 * @throws as `requireInstanceConfig`; then nothing is written
 */
export const changeInstanceConfig = (path: string, how: (config: InstanceConfig) => InstanceConfig): Promise<void> =>
  changes.run(path, async () => writeJson(path, how(await requireInstanceConfig(path)), 0o600))
