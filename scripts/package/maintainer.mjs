/** What packages do when they are installed and removed, in files/maintainer.sh: the same, whatever the format. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFiles } from '../lib/places.mjs'

/** @param call which of its functions runs, and when @returns a script */
export const maintainerScript = async call => `${await readFile(join(packageFiles, 'maintainer.sh'), 'utf8')}${call}\n`
