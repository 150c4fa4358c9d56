/** Paths. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const project = fileURLToPath(new URL('../..', import.meta.url))
export const modules = join(project, 'node_modules')

/** Files created once per machine, which outlive a clone. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'instance-manager')
