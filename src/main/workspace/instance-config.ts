/**
 * The only place that reads and writes an instance's config.json. It has the guide's exact keys and some of ours;
 * unknown keys are kept. It contains the database's password, so only we may read it.
 */
import { instanceConfigSchema, type InstanceConfig } from '../../shared/instance'
import { problem } from '../../shared/problem'
import { readJson, writeJson } from '../system/files'
import { KeyedQueue } from '../system/serial-queue'

/** By the file's path: concurrent changes to an instance must not undo each other. */
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

/** Writes the whole file, when an instance is created or adopted. */
export const writeInstanceConfig = (path: string, config: InstanceConfig): Promise<void> =>
  changes.run(path, () => writeJson(path, config, 0o600))

/**
 * Changes the file atomically: a crash leaves the old or the new one.
 * @param how returns the new content from the current one; keys set to undefined are removed
 * @throws as `requireInstanceConfig`; nothing is written then
 */
export const changeInstanceConfig = (path: string, how: (config: InstanceConfig) => InstanceConfig): Promise<void> =>
  changes.run(path, async () => writeJson(path, how(await requireInstanceConfig(path)), 0o600))
