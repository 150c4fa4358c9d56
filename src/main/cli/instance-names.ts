/** The instances that a command's arguments name. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { refused } from './failure'

/**
 * Names are unique regardless of case, so any capitalisation will do. An unknown one is left as it is, unless it is
 * close to another: most jobs say more about why it can't be used, e.g. that it is half created.
 * @param workspace absolute
 * @throws Failure `instance-unknown`, which names the instance that was probably meant
 */
export async function namedInstances(workspace: string, given: readonly string[]): Promise<string[]> {
  const folders = await readdir(join(workspace, 'instances')).catch((): string[] => [])
  return given.map(name => {
    if (folders.includes(name)) return name
    const like = (it: string): string => it.toLowerCase()
    const same = folders.find(it => like(it) === like(name))
    if (same !== undefined) return same
    const near = closest(name, folders)
    if (folders.length === 0 || distance(like(name), like(near)) > name.length / 3) return name
    throw refused({
      code: 'instance-unknown',
      message: `There is no instance “${name}”.`,
      hint: `Did you mean “${near}”?`,
    })
  })
}
