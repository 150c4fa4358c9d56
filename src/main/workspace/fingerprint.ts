/** The name of a release and of each of its parts: a digest of everything that goes into it. */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Manifest } from '../../shared/workspace'
import { mapLimited } from '../system/map-limited'
import { baseFiles } from './base'

/** Files read at a time: enough to keep the disk busy, but few enough to save descriptors. */
const atOnce = 64

/**
 * 32 hex digits over every file's path, executable bit and content, the commands that build it, and what compiled
 * packages depend on (platform, architecture, Node's major version).
 * @param root the folder of the base application, or of a copy: the digest is the same
 * @param known a cache of files' digests, for callers that ask often: unchanged files aren't read again
 */
export async function fingerprint(
  root: string,
  { server, client, ...rest }: Manifest,
  nodeMajor: string,
  known?: Map<string, string>,
): Promise<string> {
  const { bootSeconds: _, api: __, health: ___, ...built } = server // these don't affect the build
  return digestFiles(
    root,
    await baseFiles(root, { server, client, ...rest }),
    { server: built, client, ...platform(nodeMajor) },
    known,
  )
}

/** What compiled packages depend on. @param nodeMajor Node's major version, e.g. `20` */
export const platform = (nodeMajor: string) => ({ platform: process.platform, arch: process.arch, nodeMajor })

/**
 * 32 hex digits over each file's path, executable bit and content.
 * @param files relative to root, in a fixed order
 * @param also what else counts; serialised as JSON
 */
export async function digestFiles(
  root: string,
  files: readonly string[],
  also: object,
  known = new Map<string, string>(),
): Promise<string> {
  const digest = createHash('sha256')
  digest.update(JSON.stringify(also))
  for (const it of await mapLimited(files, atOnce, it => digestFile(root, it, known))) digest.update(it)
  return digest.digest('hex').slice(0, 32)
}
async function digestFile(root: string, path: string, known: Map<string, string>): Promise<string> {
  const full = join(root, path)
  const info = await lstat(full)
  const stamp = `${full} ${info.ino} ${info.size} ${info.mode} ${info.ctimeMs}`
  const before = known.get(stamp)
  if (before !== undefined) return before
  const content = info.isSymbolicLink()
    ? createHash('sha256').update(await readlink(full))
    : await digestContent(full, info.size)
  const kind = info.isSymbolicLink() ? 'link' : info.mode & 0o100 ? 'executable' : 'file'
  const digest = JSON.stringify([path, kind, content.digest('hex')])
  known.set(stamp, digest)
  return digest
}

/** Bytes above which a file is streamed: a stream costs more than reading a small file, and Node can't read 2 GiB at once. */
const big = 4_000_000

async function digestContent(path: string, size: number): Promise<Hash> {
  const digest = createHash('sha256')
  if (size < big) return digest.update(await readFile(path))
  await pipeline(createReadStream(path), async chunks => {
    for await (const chunk of chunks) digest.update(chunk as Buffer)
  })
  return digest
}
