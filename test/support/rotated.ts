/** Reads a log and its archives the simple way, and starts a process that appends to a log as fast as it can. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { archivesIn, type ArchiveName } from '../../src/main/system/rotate-names'

export const archivesOf = async (live: string): Promise<ArchiveName[]> => archivesIn(await readdir(dirname(live)), live)

/**
 * Everything ever written to the log and not deleted. @throws if the archives have gaps, overlap or don't have their
 * stated size
 */
export async function wholeLog(live: string): Promise<Buffer> {
  const archives = await archivesOf(live)
  const parts = await Promise.all(archives.map(async it => gunzipSync(await readFile(it.path))))
  archives.forEach((it, index) => {
    if (it.pending) throw new Error(`${it.path} is not finished`)
    if (parts[index]?.length !== it.end - it.start) throw new Error(`${it.path} has ${parts[index]?.length} bytes`)
    if (index > 0 && archives[index - 1]?.end !== it.start) throw new Error(`there is a gap before ${it.path}`)
  })
  const newest = archives.at(-1)
  return Buffer.concat([
    ...parts,
    (await readFile(live)).subarray(newest?.hole === undefined ? 0 : newest.end - newest.hole),
  ])
}

export interface Written {
  readonly lines: number
  readonly bytes: number
  readonly hash: string
}

export const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Writes numbered lines, one call each, until stopped, then reports what it has written. */
const writerCode = `
const { openSync, writeSync } = require('node:fs'), { createHash } = require('node:crypto')
const file = openSync(process.argv[1], 'a'), hash = createHash('sha256')
let lines = 0, bytes = 0, stopped = false
process.stdin.resume().on('end', () => { stopped = true })
const go = () => {
  for (let i = 0; i < 500; i++) {
    const line = lines++ + ' is the number of this line, which has some more words in it\\n'
    bytes += writeSync(file, line)
    hash.update(line)
  }
  if (!stopped) return void setImmediate(go)
  console.log(JSON.stringify({ lines, bytes, hash: hash.digest('hex') }))
}
go()`

/** Starts a process that appends to a file. @returns a function that stops it */
export function startWriter(path: string): () => Promise<Written> {
  const child = spawn(process.execPath, ['-e', writerCode, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  const said = text(child.stdout)
  return async () => {
    child.stdin.end()
    await once(child, 'close')
    return JSON.parse(await said) as Written
  }
}
