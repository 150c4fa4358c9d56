/** Which workspace a command is about. Reads as little as it can: it is part of every start. */
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { exists, readIfExists } from '../system/files'
import { wrongUsage } from './failure'

export interface ChosenWorkspace {
  /** Absolute. */
  readonly path: string
  /** How it was chosen; `option` needs not be told. */
  readonly by: 'option' | 'environment' | 'folder' | 'recent'
}

const variable = 'INSTANCE_MANAGER_WORKSPACE'

/** @throws Failure (usage) if nothing says which */
export async function chooseWorkspace(option: string | undefined, data: string): Promise<ChosenWorkspace> {
  const given = option ?? (process.env[variable] || undefined)
  if (given !== undefined) return { path: absolute(given), by: option === undefined ? 'environment' : 'option' }
  const around = await above(process.cwd())
  if (around !== undefined) return { path: around, by: 'folder' }
  const recent = await lastOpened(data)
  if (recent !== undefined) return { path: recent, by: 'recent' }
  throw wrongUsage(
    'Which workspace?',
    `Give --workspace DIR, set ${variable}, or run it inside a workspace. "instance-manager init --sample --workspace DIR" makes one.`,
  )
}

/** `~` is the user's home, where the shell has left it. */
export const absolute = (path: string): string => resolve(path.replace(/^~(?=\/|$)/, homedir()))

/** The folder itself, or the nearest above it, that is a workspace. */
async function above(folder: string): Promise<string | undefined> {
  if (await isWorkspace(folder)) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : above(parent)
}

/** It was opened before, or has what the guide's layout has. */
async function isWorkspace(folder: string): Promise<boolean> {
  const [opened, manifest, server, client] = await Promise.all(
    ['.instance-manager', 'instance-manager.json', 'server/package.json', 'client/package.json'].map(it =>
      exists(join(folder, it)),
    ),
  )
  return opened === true || manifest === true || (server === true && client === true)
}

/** What is not there, or cannot be read, was not opened. */
async function lastOpened(data: string): Promise<string | undefined> {
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
