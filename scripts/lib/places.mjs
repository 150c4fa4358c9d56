/** Where things are. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const project = fileURLToPath(new URL('../..', import.meta.url))
export const modules = join(project, 'node_modules')

/** What is made once a machine and survives a new clone. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'instance-manager')
