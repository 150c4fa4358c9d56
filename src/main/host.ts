/** Where and in what form the product runs without Electron: as a command, or serving its pages. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder } from './system/files'
import { productIn } from './system/product'
import { pm2HomeOf, siteDefaults, type Host } from './compose'

const packageSchema = z.object({ version: z.string(), productName: z.string() })

/**
 * @param root the product's own folder
 * @returns the host. It shares the desktop app's data folder, so both know the same workspaces
 */
export async function plainHost(kind: Host['kind'], root: string): Promise<Host> {
  const product = productIn(root)
  const { version, productName } = packageSchema.parse(JSON.parse(await readFile(product.packageJson, 'utf8')))
  const home = homedir()
  const data = join(process.env['XDG_CONFIG_HOME'] ?? join(home, '.config'), productName)
  await makeFolder(data, 0o700)
  return {
    kind,
    version,
    home,
    product,
    data,
    defaults: siteDefaults(),
    pm2Home: pm2HomeOf(home),
  }
}

/** What the operator types to run a command: installed, or in a clone. */
export const commandIn = (root: string): string => (isInstalled(root) ? 'instance-manager' : 'npm run -s cli --')

/** Otherwise it runs in a clone. */
export const isInstalled = (root: string): boolean => !existsSync(productIn(root).cliSource)
