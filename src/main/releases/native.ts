/** Compiled packages that only some versions of Node.js can load. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mapLimited } from '../system/map-limited'
import type { Run } from '../system/run'

/**
 * Those that can't be loaded by a Node.js of this ABI. Packages that use Node-API, as most do, work on every version.
 * @param modules a `node_modules` folder; it may be missing
 * @param abi its `process.versions.modules`, e.g. `127` @returns names of packages
 */
export async function packagesForOthers(run: Run, modules: string, abi: string): Promise<string[]> {
  const found = await run('find', [modules, '-name', '*.node', '-type', 'f', '-printf', String.raw`%P\n`], {
    timeout: findTimeout,
  }).catch(() => '')
  const fits = new Map<string, boolean>()
  await mapLimited(found.split('\n').filter(Boolean), 4, async path => {
    const wanted = abiOf(await readFile(join(modules, path)))
    if (wanted === undefined) return
    const name = packageOf(path)
    // A package may bring a file for each version.
    fits.set(name, fits.get(name) === true || wanted === 'any' || wanted === abi)
  })
  return [...fits].flatMap(([name, fit]) => (fit ? [] : [name])).toSorted()
}

/** Milliseconds. */
const findTimeout = 60_000

/**
 * Read off the names that an addon exports and imports, as loading it would run its code.
 * @returns undefined if this isn't an addon for Linux; `unknown` if it was compiled for one version that it doesn't name
 */
export function abiOf(file: Buffer): string | undefined {
  if (!file.subarray(0, 4).equals(elf)) return undefined
  if (file.includes('napi_register_module_v') || file.includes('napi_module_register')) return 'any'
  const named = file.indexOf(registers)
  if (named >= 0)
    return /^\d+/.exec(file.toString('latin1', named + registers.length, named + registers.length + 4))?.[0]
  return file.includes('node_module_register') ? 'unknown' : undefined
}

const elf = Buffer.from('\x7fELF', 'latin1')
const registers = 'node_register_module_v'

/** Of the innermost `node_modules`. */
function packageOf(path: string): string {
  const [scope = '', name = ''] = (path.split('node_modules/').at(-1) ?? '').split('/')
  return scope.startsWith('@') ? `${scope}/${name}` : scope
}
