/** A tree of files that becomes a package. */
import { createHash } from 'node:crypto'
import { chmod, copyFile, lutimes, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'

/** Writes a file, and the folders that lead to it. */
export async function write(path, content) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}

/** Copies a file, and creates the folders that lead to it. */
export async function put(from, path) {
  await mkdir(dirname(path), { recursive: true })
  await copyFile(from, path)
}

/** Without a name and a time, so that the result depends on the text only. */
export const zip = text => gzipSync(text, { level: 9 })

/** Everything below a folder, in an order that is always the same. @returns paths relative to it, with what they are */
export async function entries(root) {
  const found = await readdir(root, { recursive: true, withFileTypes: true })
  const all = found.map(it => ({ path: relative(root, join(it.parentPath, it.name)), entry: it }))
  return all.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/**
 * The checksums of all files in a folder. @param root the folder that paths are relative to @param folder relative to it
 * @returns a line for each, as md5sum and sha256sum print them
 */
export async function sums(root, folder, algorithm) {
  const lines = []
  for (const { path, entry } of await entries(join(root, folder))) {
    if (!entry.isFile()) continue
    const content = await readFile(join(root, folder, path))
    lines.push(`${createHash(algorithm).update(content).digest('hex')}  ${join(folder, path)}\n`)
  }
  return lines
}

/**
 * Gives everything the mode that it needs and one time, so that a package depends neither on who makes it nor on when.
 * @param epoch seconds
 */
export async function settle(root, epoch) {
  for (const { path, entry } of await entries(root)) {
    const full = join(root, path)
    if (!entry.isSymbolicLink()) {
      const program = entry.isDirectory() || (await isProgram(full))
      await chmod(full, program ? 0o755 : 0o644)
    }
    await lutimes(full, epoch, epoch)
  }
  await chmod(root, 0o755)
  await lutimes(root, epoch, epoch)
}

/** Whether a file that may be executed can be: some packages mark their notes, too, and libraries need no mark. */
async function isProgram(path) {
  const file = await open(path)
  try {
    if (((await file.stat()).mode & 0o100) === 0 || /\.(so[.\d]*|node)$/.test(path)) return false
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return /^(\x7fELF|#!)/.test(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await file.close()
  }
}
