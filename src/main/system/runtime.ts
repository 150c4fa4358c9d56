/**
 * What PM2, instances and the embedded PostgreSQL run from. They outlive the app, but an upgrade or a removal of its
 * package replaces or deletes the installed files, and PM2 and PostgreSQL load some of theirs only when they need them.
 * So a packaged product runs them from a copy. A copy is named by a checksum of its content, and never changes: an
 * upgrade that brings the same Node.js and packages needs no new one.
 */
import { createHash, randomBytes } from 'node:crypto'
import { cp, mkdir, readdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { problem, ProblemError } from '../../shared/problem'
import { isFolder, makeFolder, readIfExists, syncFolder } from './files'
import { holdLock } from './kernel-lock'
import { findNode } from './node'
import { ownProduct, packageFile, type Product } from './product'
import { createRun } from './run'
import { removeTree } from './tree'
import { isRoot } from './users'

export interface Runtime {
  /** The Node.js for what outlives us: the first on `path`. */
  readonly node: string
  /** PATH for what outlives us. */
  readonly path: string
  /** The copy; undefined in a clone, which needs none. */
  readonly copy?: string
  /** As `packageFile`. */
  file(id: string, from?: string): string
}

/** In the environment of every process that may need files of a copy without running a program in it: that copy. */
export const runtimeVariable = 'INSTANCE_MANAGER_RUNTIME'

/** Copying takes 2 s, or a minute on a slow disk. Milliseconds. */
const copyLimit = 300_000

/**
 * Creates the copy if there is none yet.
 * @throws Problem `node-missing`, `runtime-not-copied`, `lock-unavailable`; those of a full disk
 */
export async function runtime(product: Product = ownProduct()): Promise<Runtime> {
  const copy = await copyFor(product)
  const path = process.env['PATH'] ?? '/usr/bin:/bin'
  if (copy === undefined) return { node: await findNode(), path, file: packageFile }
  if (!(await isFolder(copy))) await makeCopy(product, copy)
  const inCopy = (it: string): string =>
    it.startsWith(`${product.node}/`) ? it.replace(dirname(product.node), copy) : it
  return {
    node: inCopy(await findNode()), // the operator's own, or the one that came with us
    path: path.split(delimiter).map(inCopy).join(delimiter),
    copy,
    file: (id, from = join(copy, basename(product.sums))) => packageFile(id, from),
  }
}

/** Where the installed version's copy is, or will be; undefined in a clone. */
export async function copyFor({ sums }: Product = ownProduct()): Promise<string | undefined> {
  const text = await readIfExists(sums, maxSums)
  return text && join(runtimesFolder(), createHash('sha256').update(text).digest('hex').slice(0, 16))
}

/** Bytes; 6,000 files take 700 KB. */
const maxSums = 16 << 20

/** A text in which paths into other copies lead into this one. */
export function intoCopy(text: string, copy: string): string {
  const folder = `${dirname(copy)}/`
  const [first = '', ...others] = text.split(folder)
  return [first, ...others.map(it => it.replace(/^[0-9a-f]{16}(?=\/)/, basename(copy)))].join(folder)
}

/**
 * Where copies are. Root's are where other users can reach them, because instances with a system user of their own run
 * from them.
 */
function runtimesFolder(): string {
  const given = process.env['XDG_DATA_HOME']
  const data = given?.startsWith('/') ? given : isRoot() ? '/var/lib' : join(homedir(), '.local', 'share')
  return join(data, 'instance-manager', 'runtime')
}

/** However this ends, a folder named `copy` is complete and on the disk. */
async function makeCopy(product: Product, copy: string): Promise<void> {
  const folder = dirname(copy)
  await makeFolder(folder, 0o755)
  const lock = await holdLock(join(folder, 'lock'), { waitMs: copyLimit })
  if (!lock) throw notCopied(copy, 'Another process has been copying them for five minutes.', 'Try again.')
  try {
    if (await isFolder(copy)) return
    await removeLeftovers(folder)
    const fresh = join(folder, temporaryName())
    try {
      await copyTo(fresh, product)
      await rename(fresh, copy)
    } catch (error) {
      await removeTree(fresh)
      if (!(error instanceof ProblemError) || error.problem.code !== 'command-failed') throw error
      throw notCopied(
        copy,
        'The installed files don’t match their checksums: the package is being upgraded, or is damaged.',
        'Try again after the upgrade, or reinstall it: “sudo apt-get install --reinstall instance-manager”.',
        error,
      )
    }
    await syncFolder(folder)
  } finally {
    await lock.release()
  }
}

/** @throws Problem `command-failed` if the checksums don't match: half of an upgrade's files would fit neither version */
async function copyTo(fresh: string, { node, packages, sums }: Product): Promise<void> {
  await mkdir(fresh, 0o755)
  // Not a command: one that outlived us would still be writing when the next process tidies up.
  for (const it of [node, packages, sums]) {
    await cp(it, join(fresh, basename(it)), { recursive: true, verbatimSymlinks: true })
  }
  const run = createRun('runtime')
  await run('sha256sum', ['--check', '--strict', '--quiet', basename(sums)], { cwd: fresh, timeout: copyLimit })
  await run('sync', ['--file-system', fresh], { timeout: copyLimit })
}

const notCopied = (copy: string, cause: string, hint: string, error?: unknown) =>
  problem(
    {
      code: 'runtime-not-copied',
      message: `Node.js, PM2 and PostgreSQL couldn’t be copied to ${copy}.`,
      cause,
      hint,
    },
    error,
  )

/** The copies that were made by other versions. */
export async function otherRuntimes(product: Product = ownProduct()): Promise<string[]> {
  const folder = runtimesFolder()
  if (!(await isFolder(folder))) return []
  const current = await copyFor(product)
  const copies = (await readdir(folder)).filter(it => /^[0-9a-f]{16}$/.test(it)).map(it => join(folder, it))
  return copies.filter(it => it !== current)
}

/** Removes copies. Does nothing while another process works on them. */
export async function removeRuntimes(copies: readonly string[]): Promise<void> {
  const folder = runtimesFolder()
  const lock = await holdLock(join(folder, 'lock'))
  if (!lock) return
  try {
    for (const it of copies) await rename(it, join(folder, temporaryName())) // half of one must never look like a copy
    await removeLeftovers(folder)
  } finally {
    await lock.release()
  }
}

const temporaryName = (): string => `.${randomBytes(6).toString('hex')}.tmp`

/** Of processes that were killed while they copied or removed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const it of (await readdir(folder)).filter(name => name.endsWith('.tmp'))) await removeTree(join(folder, it))
}
