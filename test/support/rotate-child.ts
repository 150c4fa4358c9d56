/**
 * Rotates a log, and kills itself with SIGKILL after its Nth change to the disk (0: never). Prints the changes it has
 * begun. Wraps this process's own calls, so that the code under test needs no changes.
 */
import fs, { writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [live, at] = process.argv.slice(2) as [string, string]
let count = 0

async function change<T>(what: string, work: () => Promise<T>): Promise<T> {
  const due = ++count === Number(at)
  writeSync(1, `${what}\n`)
  try {
    return await work()
  } finally {
    if (due) process.kill(process.pid, 'SIGKILL')
  }
}

const { rename } = fs.promises
fs.promises.rename = (from, to) => change(`rename to ${String(to).slice(live.length)}`, () => rename(from, to))
syncBuiltinESMExports()
const handle = await fs.promises.open('/dev/null')
const prototype = Object.getPrototypeOf(handle) as fs.promises.FileHandle
await handle.close()
const { sync, writeFile } = prototype
prototype.sync = function (this: fs.promises.FileHandle) {
  return change('sync', () => sync.call(this))
}
let written = false
prototype.writeFile = function (this: fs.promises.FileHandle, ...args) {
  if (written) return writeFile.apply(this, args)
  written = true
  return change('write', () => writeFile.apply(this, args))
}

const { createRun } = await import('../../src/main/system/run')
const { rotateOnce } = await import('../../src/main/logs/rotate-file')
const run = createRun('rotate-child')
await rotateOnce(live, 2_097_152, {
  run: (file, args, options) => change(`${file} ${args[0]}`, () => run(file, args, options)),
  signal: new AbortController().signal,
})
