/** npm's own reason, found among its words. */
import { join } from 'node:path'
import { problem, ProblemError } from '../../shared/problem'
import type { Recipe } from './recipes'

/** npm's words where package.json and the lock file differ (@npmcli/arborist's validateLockfile, in `npm ci`). */
const outOfStep = /can only install packages when your package\.json and package-lock\.json/

/** Lines of npm 10 and later, and of those before it. */
const errorLine = /^npm (?:error|ERR!) ?(.*)$/

/** @returns the same error, or the Problem that says what npm found; other commands' errors are left as they are */
export function explainInstall({ command: [file, ...args], folder, what }: Recipe, error: unknown): unknown {
  if (file !== 'npm' || !(error instanceof ProblemError) || error.problem.code !== 'command-failed') return error
  const { details = '' } = error.problem
  const said = npmReason(details)
  if (args[0] === 'ci' && outOfStep.test(details)) {
    const differs = said.filter(it => /^(Missing|Invalid):/.test(it))
    return problem(
      {
        code: 'lock-file-differs',
        message: `${join(folder, 'package-lock.json')} doesn’t match ${join(folder, 'package.json')}.`,
        cause: (differs.length ? differs : said).slice(0, 5).join(' ') || undefined,
        details,
        action: 'use-npm-install',
        hint: `Run “npm install” in the base application’s ${folder} and try again. Or use npm install this time, which takes newer packages where the lock file names none.`,
      },
      error,
    )
  }
  return said.length
    ? problem(
        { ...error.problem, message: `npm failed: ${what}, in ${folder}.`, cause: said.slice(0, 5).join(' ') },
        error,
      )
    : error
}

/** What follows `npm error`, up to the usage that npm adds; codes and where the log lies are left out. */
export function npmReason(words: string): readonly string[] {
  const lines = words
    .split('\n')
    .map(it => it.replace(/\u001B\[[0-9;]*m/g, ''))
    .flatMap(it => errorLine.exec(it)?.[1]?.trim() ?? [])
  const usage = lines.findIndex(it => /^(Clean install|Install) a (project|package)|^Usage:/.test(it))
  const reason = (usage < 0 ? lines : lines.slice(0, usage)).filter(
    it => it && !/^(code|errno|syscall|path|A complete log|For more help)\b/.test(it),
  )
  return [...new Set(reason)]
}
