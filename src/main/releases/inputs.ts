/**
 * Which of the base application's files each command can read. A part is made in a folder with only these files, and
 * its key is their digest, so other changes don't affect it. If it isn't known what a command reads, all files count.
 */
import { lstat, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { manifestSchema } from '../../shared/workspace'

/** The copy of the base application. */
export interface Sources {
  readonly root: string
  /** All files, relative to root, sorted (`baseFiles`). */
  readonly files: readonly string[]
}

type Command = readonly [string, ...string[]]

/** What `npm ci` and `npm install` read of an ordinary package. */
const npmFiles = new Set(['package.json', 'package-lock.json', 'npm-shrinkwrap.json', '.npmrc'])

/**
 * Scripts of the package itself that npm runs after installing (npm's documentation, "scripts", "Life Cycle Operation
 * Order").
 */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare']

/** Scripts whose inputs are known: the Prisma schema, or only git's folder. */
const prismaScript = /^(npx )?prisma generate$/
const gitHooks = /^husky( install)?$/

/** How package.json or the lock file name packages inside the base application itself. */
const localPackage = /"(file|link|portal|workspace):|"workspaces"|"link": true|":\s*"\.{0,2}\//

/** What installing a folder's packages reads. @param generate the server's command that generates the Prisma client */
export async function installInputs(
  { root, files }: Sources,
  folder: string,
  command: Command,
  generate?: Command,
): Promise<readonly string[]> {
  if (!(command[0] === 'npm' && /^(ci|install|i)$/.test(command[1] ?? ''))) return files
  const read = (name: string): Promise<string> => readFile(join(root, folder, name), 'utf8').catch(() => '')
  const manifest = await read('package.json')
  const scripts = scriptsIn(manifest)
  const known = scripts?.every(it => prismaScript.test(it) || gitHooks.test(it))
  if (
    !known ||
    files.includes(join(folder, 'binding.gyp')) ||
    localPackage.test(manifest + (await read('package-lock.json')))
  )
    return files
  // Without a separate command, Prisma's own package generates the client when it is installed.
  const generates =
    scripts?.some(it => prismaScript.test(it)) ||
    (generate && !isPrismaGenerate(generate) && manifest.includes('"@prisma/client"'))
  const wanted = new Set([...npmFiles].map(it => join(folder, it)))
  return files.filter(it => wanted.has(it) || (generates && isSchemaFile(it, folder)))
}

/** @returns undefined if it isn't valid JSON: npm will report that */
function scriptsIn(manifest: string): string[] | undefined {
  try {
    const { scripts = {} } = JSON.parse(manifest) as { scripts?: Record<string, string> }
    return installScripts.flatMap(it => scripts[it]?.trim() ?? [])
  } catch {
    return undefined
  }
}

const defaultGenerate = manifestSchema.parse({}).server.generate.join(' ')
const isPrismaGenerate = (command: Command): boolean => command.join(' ') === defaultGenerate

/** Schemas anywhere, Prisma's configuration, and the TypeScript configuration that its newer generator reads. */
const isSchemaFile = (path: string, folder: string): boolean =>
  path.startsWith(`${folder}/`) &&
  (path.endsWith('.prisma') ||
    /^(prisma\.config\.|tsconfig.*\.json$|package\.json$)/.test(basename(path)) ||
    basename(dirname(path)) === '.config')

/** A configuration that imports local files, or a generator that is a local file. */
const importsOwn = /(\bfrom|\bimport|\brequire)\s*\(?\s*['"]\.{1,2}\//
const ownGenerator = /^\s*provider\s*=\s*"[^"]*[./][^"]*"/m

/** What generating the Prisma client reads, besides the packages. */
export async function generateInputs(
  { root, files }: Sources,
  folder: string,
  command: Command,
): Promise<readonly string[]> {
  if (!isPrismaGenerate(command)) return files
  const inputs = files.filter(it => isSchemaFile(it, folder))
  for (const it of inputs) {
    const text = await readFile(join(root, it), 'utf8')
    if (it.endsWith('.prisma') ? ownGenerator.test(text) : importsOwn.test(text)) return files
  }
  return inputs
}

const code = /\.([cm]?[jt]sx?|json|vue|svelte|css|scss|less|html|mdx?)$/
/** Bytes; nobody writes a longer file by hand. */
const handwritten = 1_000_000

/**
 * What the client's build reads, besides the packages: its own folder, unless something in it refers to the server's.
 */
export async function buildInputs(
  { root, files }: Sources,
  client: string,
  server: string,
): Promise<readonly string[]> {
  const own = files.filter(it => it.startsWith(`${client}/`))
  const intoServer = new RegExp(String.raw`\.\.['"\s,/\\]+${server.replaceAll(/[.\\]/g, String.raw`\$&`)}\b`)
  for (const it of own) {
    const info = await lstat(join(root, it))
    if (info.isSymbolicLink()) return files
    if (code.test(it) && info.size < handwritten && intoServer.test(await readFile(join(root, it), 'utf8')))
      return files
  }
  return own
}
