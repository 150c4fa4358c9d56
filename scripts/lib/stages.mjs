/** The stages of npm test: each runs one tool, shows its output, and reads the tool's own report. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from './build.mjs'
import { modules, project } from './places.mjs'
import { run, say } from './say.mjs'

/**
 * @typedef {object} Result
 * @property {number} passed
 * @property {string[]} failed names
 * @property {{ name: string, reason: string }[]} skipped
 */

const bin = (...path) => [process.execPath, join(modules, ...path)]

/** A tool that only passes or fails counts as one test. @returns {Promise<Result>} */
async function whole(name, [file, ...args]) {
  const { code } = await run(file, args, { cwd: project })
  return code === 0 ? { passed: 1, failed: [], skipped: [] } : { passed: 0, failed: [name], skipped: [] }
}

const format = () => whole('format', [...bin('prettier', 'bin', 'prettier.cjs'), '--check', '.'])
const lint = () => whole('lint', [...bin('oxlint', 'bin', 'oxlint'), '--type-aware'])
const types = () => whole('types', [...bin('typescript', 'bin', 'tsc'), '--noEmit'])

/** @param folder for reports */
const vitest = name => async folder => {
  const report = join(folder, `${name}.json`)
  const [file, ...args] = bin('vitest', 'vitest.mjs')
  const { code } = await run(
    file,
    [
      ...args,
      'run',
      '--project',
      name,
      '--passWithNoTests',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { cwd: project },
  )
  return complete(name, code, () => {
    const files = read(report).testResults
    const tests = files.flatMap(it =>
      it.assertionResults.map(test => ({ ...test, name: `${relative(project, it.name)} > ${test.fullName}` })),
    )
    const broken = files.filter(
      it => it.status === 'failed' && !it.assertionResults.some(test => test.status === 'failed'),
    )
    return {
      passed: tests.filter(it => it.status === 'passed').length,
      failed: [
        ...tests.filter(it => it.status === 'failed').map(it => it.name),
        ...broken.map(it => relative(project, it.name)),
      ],
      skipped: tests
        .filter(it => !['passed', 'failed'].includes(it.status))
        .map(it => ({
          name: it.name,
          reason: it.meta?.skipReason ?? (/\(skipped: (.*?)\)/.exec(it.name)?.[1] || 'no reason given'),
        })),
    }
  })
}

async function e2e(folder) {
  await build()
  const report = join(folder, 'e2e.json')
  const [file, ...args] = bin('@playwright', 'test', 'cli.js')
  const { code } = await run(file, [...args, 'test', '--pass-with-no-tests', '--reporter=list,json'], {
    cwd: project,
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report },
  })
  return complete('e2e', code, () => {
    const tests = read(report)
      .suites.flatMap(specsOf)
      .flatMap(spec => spec.tests.map(it => ({ ...it, name: `test/e2e/${spec.file} > ${spec.title}` })))
    for (const it of tests) showPage(it)
    return {
      passed: tests.filter(it => it.status === 'expected').length,
      failed: tests.filter(it => it.status === 'unexpected' || it.status === 'flaky').map(it => it.name),
      skipped: tests
        .filter(it => it.status === 'skipped')
        .map(it => ({
          name: it.name,
          reason:
            it.annotations.find(note => note.type === 'skip' && note.description)?.description ?? 'no reason given',
        })),
    }
  })
}

/** What the page held when a test failed, as its log may be all that is left of a run elsewhere. */
function showPage({ name, results }) {
  const found = results.flatMap(it => it.attachments).find(it => it.name === 'error-context' && it.path)
  if (!found) return
  const page = /```yaml\n([^]*?)```/.exec(readFileSync(found.path, 'utf8'))?.[1]
  say(`\nThe page of ${name}:\n${page === undefined ? '(not readable)' : page.trimEnd() || '(empty)'}`)
}

const specsOf = suite => [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)]
const read = path => JSON.parse(readFileSync(path, 'utf8'))

/** A tool that fails without a failed test, or leaves no report, has failed itself. */
function complete(name, code, result) {
  try {
    const it = result()
    return code !== 0 && it.failed.length === 0 ? { ...it, failed: [`${name}: ended with exit code ${code}`] } : it
  } catch (error) {
    return { passed: 0, failed: [`${name}: no report (${error.message})`], skipped: [] }
  }
}

/** In the order in which they run: the quick ones first. */
export const stages = {
  format,
  lint,
  types,
  unit: vitest('unit'),
  integration: vitest('integration'),
  crash: vitest('crash'),
  e2e,
}

/** @returns {Promise<Result>} */
export async function runStage(name, folder) {
  say(`\n── ${name} ${'─'.repeat(60 - name.length)}`)
  mkdirSync(folder, { recursive: true })
  return stages[name](folder)
}
