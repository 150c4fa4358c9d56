/** Chooses a command's workspace. Reads as little as possible, because every command does this. */
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { exists, readIfExists } from '../system/files'
import { wrongUsage } from './failure'

export interface ChosenWorkspace {
  /** Absolute. */
  readonly path: string
  /** How it was chosen. Only with `recent` may the user be in doubt. */
  readonly by: 'option' | 'environment' | 'folder' | 'recent'
}

const variable = 'INSTANCE_MANAGER_WORKSPACE'

/** @throws Failure (usage) if there is nothing to choose from */
export async function chooseWorkspace(option: string | undefined, data: string): Promise<ChosenWorkspace> {
  const given = option ?? (process.env[variable] || undefined)
  if (given !== undefined) return { path: absolute(given), by: option === undefined ? 'environment' : 'option' }
  const around = await above(process.cwd())
  if (around !== undefined) return { path: around, by: 'folder' }
  const recent = await lastOpened(data)
  if (recent !== undefined) return { path: recent, by: 'recent' }
  throw wrongUsage(
    'Which workspace?',
    `Use --workspace DIR, set ${variable}, or run it inside a workspace. Create one with “instance-manager init --sample DIR”.`,
  )
}

/** Resolves a path, expanding a `~` that the shell didn't. */
export const absolute = (path: string): string => resolve(path.replace(/^~(?=\/|$)/, homedir()))

/** The nearest workspace: the folder itself or one above it. */
async function above(folder: string): Promise<string | undefined> {
  if (await isWorkspace(folder)) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : above(parent)
}

/** True if it has been opened before, or has the guide's layout. */
async function isWorkspace(folder: string): Promise<boolean> {
  const [opened, manifest, server, client] = await Promise.all(
    ['.instance-manager', 'instance-manager.json', 'server/package.json', 'client/package.json'].map(it =>
      exists(join(folder, it)),
    ),
  )
  return opened === true || manifest === true || (server === true && client === true)
}

/** The last workspace opened; undefined if there is none or the record can't be read. */
export async function lastOpened(data: string): Promise<string | undefined> {
  try {
    const recent = JSON.parse((await readIfExists(join(data, 'recent.json'))) ?? '[]') as readonly {
      readonly path: string
    }[]
    const present = await Promise.all(recent.map(async ({ path }) => ((await exists(path)) ? path : undefined)))
    return present.find(it => it !== undefined)
  } catch {
    return undefined
  }
}
