/** Paths. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const project = fileURLToPath(new URL('../..', import.meta.url))
export const modules = join(project, 'node_modules')
/** What a package of the product contains besides the product. */
export const packageFiles = join(project, 'scripts', 'package', 'files')

/** Files created once per machine, which outlive a clone. */
export const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'instance-manager')
