/**
 * npm test: prepares whatever is missing, runs every stage, checks that tests left nothing behind, and prints a summary.
 *   --strict        a skipped test counts as failed (CI)
 *   --only a,b      only these stages
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dependencies } from './lib/dependencies.mjs'
import { watchLeaks } from './lib/leaks.mjs'
import { prepareSystem } from './lib/prepare.mjs'
import { Failure, say, script } from './lib/say.mjs'
import { runStage, stages } from './lib/stages.mjs'

await script(async () => {
  const { strict, names } = readArguments()
  await dependencies()
  const noWindows = await reasonOf(async () => {
    process.env.INSTANCE_MANAGER_ELECTRON = await prepareSystem('test')
  })
  const folder = mkdtempSync('/tmp/im-test-')
  chmodSync(folder, 0o711) // instances with their own system user must be able to reach their folders in it
  const total = { passed: 0, failed: [], skipped: [] }
  const add = (passed, failed, skipped) => {
    total.passed += passed
    total.failed.push(...failed)
    total.skipped.push(...skipped)
  }
  try {
    process.env.TMPDIR = folder
    process.env.INSTANCE_MANAGER_TEST_SHARED = join(folder, 'shared') // see test/support/shared.ts
    mkdirSync(process.env.INSTANCE_MANAGER_TEST_SHARED)
    const leaks = await watchLeaks(folder)
    for (const name of names) {
      if (name === 'e2e' && noWindows) add(0, [], [{ name: 'e2e', reason: noWindows }])
      else {
        const { passed, failed, skipped } = await runStage(name, join(folder, 'reports'))
        add(passed, failed, skipped)
      }
    }
    const left = await leaks()
    add(
      left.length === 0 ? 1 : 0,
      left.map(it => `left behind: ${it}`),
      [],
    )
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  report(total, strict)
})

function readArguments() {
  try {
    const { values } = parseArgs({ options: { strict: { type: 'boolean', default: false }, only: { type: 'string' } } })
    const names = values.only?.split(',') ?? Object.keys(stages)
    const unknown = names.filter(it => !(it in stages))
    if (unknown.length > 0) throw new Error(`Unknown stage: ${unknown.join(', ')}.`)
    return { strict: values.strict, names: Object.keys(stages).filter(it => names.includes(it)) }
  } catch (error) {
    throw new Failure(error.message, `npm test -- [--strict] [--only ${Object.keys(stages).join(',')}]`)
  }
}

/** @returns why it failed, in one line, or undefined. */
async function reasonOf(work) {
  try {
    await work()
    return undefined
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    say(`✗ ${error.message}\n  What to do: ${error.hint}`)
    return error.message.split('\n')[0]
  }
}

function report({ passed, failed, skipped }, strict) {
  say('')
  for (const name of failed) say(`failed: ${name}`)
  for (const { name, reason } of skipped) say(`skipped: ${name}: ${reason}`)
  if (strict && skipped.length > 0) say(`${skipped.length} skipped, counted as failed (--strict)`)
  const bad = failed.length + (strict ? skipped.length : 0)
  process.stdout.write(`${passed} passed, ${bad} failed\n`)
  process.exitCode = bad > 0 ? 1 : 0
}
